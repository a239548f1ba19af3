/** Recurring events: each date is an event of its own, and knows which others belong to it. */
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../audit/audit-log.ts';
import type { EventsCreateSeriesRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, type EventRow, type EventStatus } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { changeEvent, draftOf, type EventChanges, lockEvent, writeDrafts } from './catalogue.ts';
import { checkEvent, checkTimeZone, planOf } from './event-checks.ts';
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
  return db.em().transactional(async (em) => {
    const others = await followingOf(em, event, 'draft', 'published');
    const named = { ...(await lockEvent(em, event.id)) };
    const updated: EventRow[] = [await changeEvent(em, event.id, changes, by)];
    for (const { id } of others) {
      if (id === event.id) continue;
      const each = await lockEvent(em, id);
      // Cancelled or deleted a moment ago: what does not follow any more is left alone.
      if (each.deletedAt || (each.status !== 'draft' && each.status !== 'published')) continue;
      updated.push(await changeEvent(em, id, changesOf(each, named, changes), by));
    }
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
