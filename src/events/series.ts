/** Recurring events: each date is an event of its own, and knows which others belong to it. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../audit/audit-log.ts';
import { recordChanges } from '../audit/record-change.ts';
import type { EventsCreateSeriesRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, type EventRow, type EventStatus } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { changeEvent, draftOf, type EventChanges, judgeChange, writeDrafts } from './catalogue.ts';
import { checkEvent, checkTimeZone, type PlanFacts, planOf, venueOf } from './event-checks.ts';
import { clockBetween, datesOf, laterOnClock } from './recurrence.ts';

/** Makes all dates or none. Throws `rule-invalid`, and what `insertEvent` throws. */
export async function insertSeries(
  db: Database,
  organizerId: string,
  { rule, except, ...input }: EventsCreateSeriesRequest,
  by: Actor,
): Promise<{ seriesId: string; events: EventRow[] }> {
  const seriesId = newId();
  const events = await db.em().transactional(async (em) => {
    const first = await draftOf(em, organizerId, input);
    const plan = await planOf(em, first.planId);
    const dates = datesOf(rule, first.startsAt, first.timeZone, except);
    const rows = dates.map((startsAt) => ({ ...first, ...timesAt(first, startsAt), id: newId(), seriesId }));
    for (const row of rows) checkEvent(row, plan);
    await writeDrafts(em, rows, by);
    return rows;
  });
  return { seriesId, events };
}

/** The times of an event when it starts at another moment, the same on the clock. */
function timesAt(event: EventRow, startsAt: Date) {
  const moved = (moment: Date) =>
    laterOnClock(startsAt, clockBetween(event.startsAt, moment, event.timeZone), event.timeZone);
  const endsAt = moved(event.endsAt);
  return {
    startsAt,
    // An hour that a day has twice, or not at all, may turn the two around.
    endsAt:
      endsAt > startsAt
        ? endsAt
        : new Date(startsAt.getTime() + event.endsAt.getTime() - event.startsAt.getTime()),
    salesStartAt: event.salesStartAt ? moved(event.salesStartAt) : null,
    salesEndAt: event.salesEndAt ? moved(event.salesEndAt) : null,
  };
}

/** This date and all later ones that are not deleted, in their order. Throws `series-needed`. */
export async function followingOf(
  em: SqlEntityManager,
  { seriesId, startsAt }: EventRow,
  ...statuses: EventStatus[]
): Promise<EventRow[]> {
  if (!seriesId) throw new RequestError('series-needed');
  const where = { seriesId, startsAt: { $gte: startsAt }, deletedAt: null, status: { $in: statuses } };
  return em.find(EventEntity, where, {
    orderBy: { startsAt: 'asc', id: 'asc' },
    // Within a transaction nobody changes them before that ends.
    ...(em.isInTransaction() ? { lockMode: LockMode.PESSIMISTIC_WRITE } : {}),
    disableIdentityMap: true,
  });
}

/** Changes this date and the following ones, all or none. Throws `series-needed`, and what `updateEvent` throws. */
export function updateFollowing(
  db: Database,
  event: EventRow,
  changes: EventChanges,
  by: Actor,
): Promise<EventRow[]> {
  if (changes.timeZone !== undefined) checkTimeZone(changes.timeZone);
  const updatedAt = new Date();
  return db.em().transactional(async (em) => {
    const following = await followingOf(em, event, 'draft', 'published');
    const named = following.find(({ id }) => id === event.id);
    // It cannot be changed: as it would have been refused alone.
    if (!named) return [await changeEvent(em, event.id, changes, by)];
    const plans = new Map<string, PlanFacts>();
    const venues = new Set<string>();
    const updated: EventRow[] = [];
    const writes = new Map<string, { ids: string[]; columns: Partial<EventRow> }>();
    const notes = [];
    for (const each of following) {
      const planId = changes.planId ?? each.planId;
      const plan = plans.get(planId) ?? (await planOf(em, planId));
      plans.set(planId, plan);
      const ofThis = each === named ? changes : changesOf(each, named, changes);
      const columns = { ...judgeChange(each, ofThis, plan), updatedAt };
      if (columns.venueId && !venues.has(columns.venueId)) {
        venues.add((await venueOf(em, columns.venueId)).id);
      }
      // What is the same for many is written with one statement.
      const key = JSON.stringify(columns);
      const write = writes.get(key) ?? { ids: [], columns };
      write.ids.push(each.id);
      writes.set(key, write);
      updated.push({ ...each, ...columns });
      notes.push({ eventId: each.id, details: { ...ofThis } });
    }
    for (const { ids, columns } of writes.values()) {
      await em.nativeUpdate(EventEntity, { id: { $in: ids } }, columns);
    }
    await recordChanges(em, 'event-updated', by, notes);
    return updated;
  });
}

/** What a change of one date means for another: new times are as much later there, on the clock. */
function changesOf(each: EventRow, named: EventRow, changes: EventChanges): EventChanges {
  const zone = changes.timeZone ?? named.timeZone;
  const { startsAt, endsAt, salesStartAt, salesEndAt, ...rest } = changes;
  const moved: EventChanges = rest;
  const start = startsAt ? shifted(each.startsAt, named.startsAt, new Date(startsAt), zone) : each.startsAt;
  if (startsAt) moved.startsAt = start.toISOString();
  if (endsAt) moved.endsAt = shifted(each.endsAt, named.endsAt, new Date(endsAt), zone).toISOString();
  const namedStart = startsAt ? new Date(startsAt) : named.startsAt;
  const likewise = (text: string) =>
    laterOnClock(start, clockBetween(namedStart, new Date(text), zone), zone).toISOString();
  if (salesStartAt !== undefined) moved.salesStartAt = salesStartAt && likewise(salesStartAt);
  if (salesEndAt !== undefined) moved.salesEndAt = salesEndAt && likewise(salesEndAt);
  return moved;
}

const shifted = (moment: Date, from: Date, to: Date, zone: string): Date =>
  laterOnClock(moment, clockBetween(from, to, zone), zone);
