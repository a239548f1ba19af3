/** What must be true of an event, whoever writes it and however. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { type EventRow, PlanEntity, VenueEntity, type VenueRow } from '../database/entities.ts';
import { RequestError } from '../errors.ts';

export interface PlanFacts {
  seatCount: number;
  categories: string[];
  venueId: string | null;
}

/** Throws `plan-not-found`. */
export async function planOf(em: SqlEntityManager, planId: string): Promise<PlanFacts> {
  const plan = await em.findOne(PlanEntity, { id: planId }, { disableIdentityMap: true });
  if (!plan) throw new RequestError('plan-not-found', { field: 'planId' });
  return { ...plan, venueId: plan.venueId ?? null };
}

/** Throws `venue-not-found`. Within a transaction: nobody deletes the venue before that ends. */
export async function venueOf(em: SqlEntityManager, venueId: string): Promise<VenueRow> {
  const where = { id: venueId, deletedAt: null };
  const venue = await em.findOne(VenueEntity, where, {
    lockMode: LockMode.PESSIMISTIC_READ,
    disableIdentityMap: true,
  });
  if (!venue) throw new RequestError('venue-not-found');
  return venue;
}

/** Throws what the contracts of events list about their times, prices, place and sale. */
export function checkEvent(event: EventRow, plan: PlanFacts): void {
  const { startsAt, endsAt, prices } = event;
  for (const [field, at] of Object.entries({ startsAt, endsAt }))
    if (!isDay(at)) throw new RequestError('event-times', { field, allowed: years });
  if (endsAt <= startsAt)
    throw new RequestError('event-times', { field: 'endsAt', allowed: 'must be after startsAt' });
  checkTimeZone(event.timeZone);
  checkSale(event);
  const priced = Object.keys(prices);
  const missing = plan.categories.filter((name) => !priced.includes(name));
  const unknown = priced.filter((name) => !plan.categories.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new RequestError('prices-mismatch', { missing, unknown });
  }
  if (plan.venueId && plan.venueId !== event.venueId) {
    throw new RequestError('venue-mismatch', { venueId: plan.venueId });
  }
}

function checkSale({ startsAt, salesStartAt, salesEndAt, sellMode, capacity, seatCount }: EventRow): void {
  const refuse = (field: string, allowed: string): never => {
    throw new RequestError('sale-window', { field, allowed });
  };
  for (const [field, at] of Object.entries({ salesStartAt, salesEndAt }))
    if (at && !isDay(at)) refuse(field, years);
  if (salesStartAt && salesStartAt >= startsAt) refuse('salesStartAt', 'must be before startsAt');
  if (salesStartAt && salesEndAt && salesEndAt <= salesStartAt)
    refuse('salesEndAt', 'must be after salesStartAt');
  // Seats are sold one by one: fewer than there are cannot be promised without naming which.
  if (sellMode === 'online' && (capacity ?? seatCount) !== seatCount) {
    throw new RequestError('capacity-mismatch', { seatCount });
  }
}

/** Throws `time-zone-unknown`. Offsets such as +01:00 are accepted by Intl, but know nothing of daylight saving. */
export function checkTimeZone(name: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    if (/^[A-Za-z]/.test(name)) return;
  } catch {
    // Told below.
  }
  throw new RequestError('time-zone-unknown', { field: 'timeZone', found: name });
}

const years = 'must be a moment between 2000 and 2199';

/** A leap second is a valid time on the wire, but none that JavaScript knows. */
const isDay = (date: Date) => date.getUTCFullYear() >= 2000 && date.getUTCFullYear() < 2200;
