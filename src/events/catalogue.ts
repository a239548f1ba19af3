/** Events as organizers write them and everybody reads them: rows, checks, and the view on the wire. */
import { type Actor, nobody } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Event, EventsCreateRequest, EventsUpdateRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, type EventRow, type EventStatus, PlanEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { defaultRules } from './events.ts';

const defaultTimeZone = 'Europe/Brussels';
/** What a sale depends on cannot change under the buyers' feet. */
const draftOnly = ['planId', 'currency', 'prices', 'rules'] as const;

export const eventView = (row: EventRow): Event => ({
  ...row,
  rules: { ...defaultRules, ...row.rules },
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  publishedAt: row.publishedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

export async function findEvent(db: Database, eventId: string): Promise<EventRow | undefined> {
  return (await db.em().findOne(EventEntity, { id: eventId })) ?? undefined;
}

export async function insertEvent(
  db: Database,
  organizerId: string,
  input: EventsCreateRequest,
  by: Actor = { ...nobody, userId: organizerId },
): Promise<EventRow> {
  const plan = await planOf(db, input.planId);
  const now = new Date();
  const row = {
    id: newId(),
    organizerId,
    planId: input.planId,
    title: input.title.trim(),
    description: input.description ?? '',
    venue: input.venue ?? '',
    startsAt: new Date(input.startsAt),
    endsAt: new Date(input.endsAt),
    timeZone: input.timeZone ?? defaultTimeZone,
    status: 'draft' as const,
    publishedAt: null,
    currency: input.currency,
    prices: input.prices,
    rules: { ...defaultRules, ...input.rules },
    seatCount: plan.seatCount,
    createdAt: now,
    updatedAt: now,
  };
  check(row, plan.categories);
  await db.em().transactional(async (em) => {
    await em.insert(EventEntity, row);
    const { title, planId, startsAt, endsAt, currency, prices, rules } = row;
    const details = { title, planId, startsAt, endsAt, currency, prices, rules };
    await recordChange(em, 'event-created', by, details, row.id);
  });
  return row;
}

/** Throws `event-not-draft` and what `insertEvent` throws. */
export async function updateEvent(
  db: Database,
  event: EventRow,
  changes: Omit<EventsUpdateRequest, 'eventId'>,
  by: Actor = nobody,
): Promise<EventRow> {
  const late = event.status === 'draft' ? [] : draftOnly.filter((field) => changes[field] !== undefined);
  if (late.length > 0) throw new RequestError('event-not-draft', { fields: late });
  const { startsAt, endsAt, rules, ...rest } = changes;
  const plan = await planOf(db, changes.planId ?? event.planId);
  const updated: EventRow = {
    ...event,
    ...rest,
    title: (changes.title ?? event.title).trim(),
    startsAt: startsAt ? new Date(startsAt) : event.startsAt,
    endsAt: endsAt ? new Date(endsAt) : event.endsAt,
    rules: { ...event.rules, ...rules },
    seatCount: plan.seatCount,
    updatedAt: new Date(),
  };
  check(updated, plan.categories);
  const { id, ...values } = updated;
  // Nobody may have published or cancelled it meanwhile.
  const count = await db.em().transactional(async (em) => {
    const changed = await em.nativeUpdate(EventEntity, { id, status: event.status }, values);
    if (changed > 0) await recordChange(em, 'event-updated', by, { ...changes }, id);
    return changed;
  });
  if (count === 0) throw new RequestError('try-later', undefined, 'The event was changed by somebody else.');
  return updated;
}

/** Moves an event to another status, once: whoever comes second finds it there. */
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
    const changed = await em.nativeUpdate(EventEntity, { id: event.id, status: event.status }, changes);
    if (changed > 0) await recordChange(em, `event-${status}`, by, {}, event.id);
  });
  const now = await findEvent(db, event.id);
  if (now?.status !== status)
    throw new RequestError('try-later', undefined, 'The event was changed by somebody else.');
  return now;
}

/** By start, then id: the order is stable while events are added. */
export async function listEvents(
  db: Database,
  filter: {
    status: EventStatus | undefined;
    organizerId: string | undefined;
    limit: number;
    cursor: string | undefined;
  },
): Promise<{ events: EventRow[]; nextCursor: string | null }> {
  const [startsAt, id] = readCursor(filter.cursor, 'time', 'id');
  const after =
    startsAt && id
      ? {
          $or: [{ startsAt: { $gt: new Date(startsAt) } }, { startsAt: new Date(startsAt), id: { $gt: id } }],
        }
      : {};
  const rows = await db.em().find(
    EventEntity,
    {
      ...(filter.status ? { status: filter.status } : {}),
      // Whatever was never published stays with its organizer.
      ...(filter.organizerId ? { organizerId: filter.organizerId } : { publishedAt: { $ne: null } }),
      ...after,
    },
    { orderBy: [{ startsAt: 'asc' }, { id: 'asc' }], limit: filter.limit + 1 },
  );
  const events = rows.slice(0, filter.limit);
  const last = events.at(-1);
  const nextCursor =
    rows.length > filter.limit && last ? writeCursor(last.startsAt.toISOString(), last.id) : null;
  return { events, nextCursor };
}

async function planOf(db: Database, planId: string): Promise<{ seatCount: number; categories: string[] }> {
  const plan = await db.em().findOne(PlanEntity, { id: planId });
  if (!plan) throw new RequestError('plan-not-found');
  return plan;
}

function check(
  event: Pick<EventRow, 'startsAt' | 'endsAt' | 'timeZone' | 'prices'>,
  categories: string[],
): void {
  const { startsAt, endsAt } = event;
  if (!isDay(startsAt) || !isDay(endsAt) || endsAt <= startsAt) throw new RequestError('event-times');
  if (!isTimeZone(event.timeZone)) throw new RequestError('time-zone-unknown', { found: event.timeZone });
  const priced = Object.keys(event.prices);
  const missing = categories.filter((name) => !priced.includes(name));
  const unknown = priced.filter((name) => !categories.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new RequestError('prices-mismatch', { missing, unknown });
  }
}

/** A leap second is a valid time on the wire, but none that JavaScript knows. */
const isDay = (date: Date) => date.getUTCFullYear() >= 2000 && date.getUTCFullYear() < 2200;

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets such as +01:00 are accepted by Intl, but know nothing of daylight saving.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
