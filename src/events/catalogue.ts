/** Events as organizers write them: rows that are checked, changed and noted in the audit log. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { type Actor, nobody } from '../audit/audit-log.ts';
import { recordChange, recordChanges } from '../audit/record-change.ts';
import type { EventsCreateRequest, EventsUpdateRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, type EventRow, type EventStatus } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { checkEvent, type PlanFacts, planOf, venueOf } from './event-checks.ts';
import { defaultRules } from './events.ts';

const defaultTimeZone = 'Europe/Brussels';
/** Minutes: a day, an hour and five minutes before. */
const defaultAlertLeads: readonly number[] = [1440, 60, 5];
/** What a sale depends on cannot change under the buyers' feet. */
const draftOnly = ['planId', 'currency', 'prices', 'rules', 'sellMode'] as const;

export type EventInput = Omit<EventsCreateRequest, 'requestId'>;
export type EventChanges = Omit<EventsUpdateRequest, 'eventId' | 'scope'>;

export async function findEvent(db: Database, eventId: string): Promise<EventRow | undefined> {
  return (await db.em().findOne(EventEntity, { id: eventId })) ?? undefined;
}

/**
 * The event as it is now, kept so until the transaction ends. Out of the ORM's sight: it would compare all it has
 * seen before each query, which is seconds for the dates of a series.
 */
export const lockEvent = (em: SqlEntityManager, eventId: string): Promise<EventRow> =>
  em.findOneOrFail(
    EventEntity,
    { id: eventId },
    { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
  );

export async function insertEvent(
  db: Database,
  organizerId: string,
  input: EventInput,
  by: Actor = { ...nobody, userId: organizerId },
): Promise<EventRow> {
  return db.em().transactional(async (em) => {
    const row = await draftOf(em, organizerId, input);
    await writeDrafts(em, [row], by);
    return row;
  });
}

/** What a new event consists of, checked and not written yet. */
export async function draftOf(
  em: SqlEntityManager,
  organizerId: string,
  input: EventInput,
): Promise<EventRow> {
  const plan = await planOf(em, input.planId);
  const venueId = input.venueId ?? plan.venueId;
  const venue = venueId ? await venueOf(em, venueId) : undefined;
  const now = new Date();
  const row = {
    id: newId(),
    organizerId,
    planId: input.planId,
    title: input.title.trim(),
    description: input.description ?? '',
    venue: input.venue ?? (venue ? nameOf(venue) : ''),
    startsAt: new Date(input.startsAt),
    endsAt: new Date(input.endsAt),
    timeZone: input.timeZone ?? venue?.timeZone ?? defaultTimeZone,
    status: 'draft' as const,
    publishedAt: null,
    currency: input.currency,
    prices: input.prices,
    rules: { ...defaultRules, ...input.rules },
    seatCount: plan.seatCount,
    venueId,
    category: input.category ?? null,
    tags: input.tags ?? [],
    sellMode: input.sellMode ?? ('online' as const),
    salesStartAt: momentOf(input.salesStartAt),
    salesEndAt: momentOf(input.salesEndAt),
    capacity: input.capacity ?? null,
    seriesId: null,
    alertLeads: earliestFirst(input.alertLeads ?? defaultAlertLeads),
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
  };
  checkEvent(row, plan);
  return row;
}

export async function writeDrafts(em: SqlEntityManager, rows: readonly EventRow[], by: Actor): Promise<void> {
  await em.insertMany(EventEntity, rows as EventRow[]);
  const changes = rows.map((row) => {
    const { title, planId, startsAt, endsAt, currency, prices, rules, sellMode, seriesId } = row;
    const details = { title, planId, startsAt, endsAt, currency, prices, rules, sellMode, seriesId };
    return { eventId: row.id, details };
  });
  await recordChanges(em, 'event-created', by, changes);
}

/**
 * Changes what is named, and leaves what somebody else changes at the same time. Throws `event-not-draft`,
 * `event-cancelled`, `event-completed`, and what `insertEvent` throws.
 */
export function updateEvent(
  db: Database,
  eventId: string,
  changes: EventChanges,
  by: Actor = nobody,
): Promise<EventRow> {
  return db.em().transactional((em) => changeEvent(em, eventId, changes, by));
}

/** `updateEvent` in a transaction that does more. */
export async function changeEvent(
  em: SqlEntityManager,
  eventId: string,
  changes: EventChanges,
  by: Actor,
): Promise<EventRow> {
  const event = await lockEvent(em, eventId);
  const plan = await planOf(em, changes.planId ?? event.planId);
  const columns = judgeChange(event, changes, plan);
  if (columns.venueId) await venueOf(em, columns.venueId);
  await em.nativeUpdate(EventEntity, { id: eventId }, columns);
  await recordChange(em, 'event-updated', by, { ...changes }, eventId);
  return { ...event, ...columns };
}

/** The columns that a change writes, if it may be made. Throws as `updateEvent`. */
export function judgeChange(event: EventRow, changes: EventChanges, plan: PlanFacts): Partial<EventRow> {
  if (event.deletedAt) throw new RequestError('event-not-found');
  if (event.status === 'cancelled') throw new RequestError('event-cancelled');
  if (event.status === 'completed') throw new RequestError('event-completed');
  const late = event.status === 'draft' ? [] : draftOnly.filter((field) => changes[field] !== undefined);
  if (late.length > 0) throw new RequestError('event-not-draft', { fields: late });
  const columns = changedColumns(event, changes, plan);
  checkEvent({ ...event, ...columns }, plan);
  return columns;
}

function changedColumns(event: EventRow, changes: EventChanges, plan: PlanFacts): Partial<EventRow> {
  const { title, startsAt, endsAt, salesStartAt, salesEndAt, rules, alertLeads, ...rest } = changes;
  const columns: Partial<EventRow> = { ...rest, updatedAt: new Date() };
  if (title !== undefined) columns.title = title.trim();
  if (startsAt !== undefined) columns.startsAt = new Date(startsAt);
  if (endsAt !== undefined) columns.endsAt = new Date(endsAt);
  if (salesStartAt !== undefined) columns.salesStartAt = momentOf(salesStartAt);
  if (salesEndAt !== undefined) columns.salesEndAt = momentOf(salesEndAt);
  if (alertLeads !== undefined) columns.alertLeads = earliestFirst(alertLeads);
  if (rules !== undefined) columns.rules = { ...event.rules, ...rules };
  if (changes.planId !== undefined) columns.seatCount = plan.seatCount;
  // A plan of a venue brings its event there.
  if (changes.planId !== undefined && plan.venueId && changes.venueId === undefined) {
    columns.venueId = plan.venueId;
  }
  return columns;
}

/** Moves an event to another status, once: whoever comes second finds it there. Throws `venue-not-found`, `try-later`. */
export async function setStatus(
  db: Database,
  event: EventRow,
  status: EventStatus,
  by: Actor = nobody,
): Promise<EventRow> {
  const updatedAt = new Date();
  const publishedAt = status === 'published' ? updatedAt : event.publishedAt;
  const changes = { status, publishedAt, updatedAt };
  await db.em().transactional(async (em) => {
    // Nothing new happens at a venue that was deleted meanwhile.
    if (status === 'published' && event.venueId) await venueOf(em, event.venueId);
    const where = { id: event.id, status: event.status, deletedAt: null };
    const changed = await em.nativeUpdate(EventEntity, where, changes);
    if (changed > 0) await recordChange(em, `event-${status}`, by, {}, event.id);
  });
  const now = await findEvent(db, event.id);
  if (now?.status !== status)
    throw new RequestError('try-later', undefined, 'The event was changed by somebody else.');
  return now;
}

const earliestFirst = (leads: readonly number[]): number[] => leads.toSorted((a, b) => b - a);

const momentOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

const nameOf = ({ name, city }: { name: string; city: string }) =>
  (city === '' || name.includes(city) ? name : `${name}, ${city}`).slice(0, 200);
