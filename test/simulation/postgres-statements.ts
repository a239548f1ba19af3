/** What each SQL file does, on the tables of `postgres-tables.ts`. Each is begun anew after it had to wait. */
import type { HoldToConfirm, HoldVerdict } from '../../src/database/statements.ts';
import { outbox, outboxStatements } from './outbox-statements.ts';
import { compareEvent } from './postgres-comparison.ts';
import {
  bookingRow,
  type SimStatement,
  SqlError,
  type StoredBooking,
  type Transaction,
} from './postgres-tables.ts';
import { askedOnce, requestStatements } from './request-statements.ts';

const seatKey = (eventId: string, seat: number) => `seat ${eventId} ${seat}`;
const outcomeKey = (eventId: string, holdId: string) => `${eventId} ${holdId}`;

/** A row of the audit log. */
function noted(tx: Transaction, eventId: string, bookingId: string): void {
  const id = tx.seen(`sale ${bookingId}`, () => tx.tables.nextSale++);
  const row = { id, eventId, at: tx.now };
  tx.write(() => tx.tables.sales.push(row));
}

/** The verdicts as the snapshot gives them, before anything is written. */
function judge(
  tx: Transaction,
  hold: HoldToConfirm,
  isOpen: boolean,
  flaws: ConfirmFlaws,
): { verdict: string; reason: string } {
  const { tables } = tx;
  const seen = tx.seen(`judged ${hold.holdId}`, () => ({
    outcome: flaws.noOutcome ? undefined : tables.outcomes.get(outcomeKey(hold.eventId, hold.holdId)),
    request: tables.requests.get(`${hold.userId} ${hold.requestId}`),
    taken: hold.seats
      .map(({ seat }) => seat)
      .filter((seat) => !flaws.noLook && tables.activeBookings(hold.eventId, seat).length > 0)
      .sort((a, b) => a - b),
  }));
  let reason = '';
  if (!isOpen) reason = 'event-not-on-sale';
  else if (seen.taken.length > 0) reason = `seats-taken:${seen.taken}`;
  if (seen.outcome) return { verdict: 'settled', reason };
  if (seen.request && seen.request.fingerprint !== hold.holdId) return { verdict: 'reused', reason };
  if (!isOpen) return { verdict: 'closed', reason };
  return { verdict: seen.taken.length > 0 ? 'taken' : 'booked', reason };
}

/** What a planted fault leaves out of a confirm. */
export interface ConfirmFlaws {
  noIndex?: boolean;
  noLook?: boolean;
  noOutcome?: boolean;
}

export const makeConfirmHolds =
  (flaws: ConfirmFlaws = {}): SimStatement =>
  (tx, [json]) =>
    confirmHolds(tx, String(json), flaws);

function confirmHolds(tx: Transaction, json: string, flaws: ConfirmFlaws): HoldVerdict[] {
  const { tables } = tx;
  const holds = JSON.parse(json) as HoldToConfirm[];
  const events = [...new Set(holds.map(({ eventId }) => eventId))].sort();
  for (const id of events) if (tables.events.get(id)?.status === 'published') tx.lock(`event ${id}`, 'share');
  const isOpen = (id: string) => {
    const event = tables.events.get(id);
    return event?.status === 'published' && event.startsAt > tx.now;
  };
  const judged = holds.map((hold) => ({ hold, ...judge(tx, hold, isOpen(hold.eventId), flaws) }));
  const fresh = new Set<string>();
  const writing = judged.filter(({ verdict }) => ['booked', 'closed', 'taken'].includes(verdict));
  for (const { hold, verdict, reason } of writing.sort(byHold)) {
    const key = outcomeKey(hold.eventId, hold.holdId);
    if (!flaws.noOutcome) {
      tx.lock(`outcome ${key}`);
      if (tables.outcomes.has(key)) continue;
    }
    fresh.add(hold.holdId);
    const outcome = verdict === 'booked' ? 'booked' : 'refused';
    tx.write(
      () => tables.outcomes.set(key, { outcome, reason }),
      outcome === 'refused' ? { kind: 'refused', holdId: hold.holdId } : undefined,
    );
  }
  const made = writing.filter(({ hold, verdict }) => verdict === 'booked' && fresh.has(hold.holdId));
  const lines = made.flatMap(({ hold }) => hold.seats.map(({ seat }) => ({ eventId: hold.eventId, seat })));
  lines.sort((a, b) => (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : a.seat - b.seat));
  const written = lines.filter(({ eventId, seat }) => {
    if (flaws.noIndex) return true;
    tx.lock(seatKey(eventId, seat));
    return tables.activeBookings(eventId, seat).length === 0;
  });
  const sent = new Map<string, string>();
  for (const { hold } of made) {
    const booking = storedBooking(hold, tx.now);
    tx.write(() => tables.bookings.set(booking.id, booking), { kind: 'booked', booking });
    const payload = { bookingId: booking.id };
    sent.set(hold.holdId, outbox(tx, 'booking-confirmed', booking.id, payload, 3000));
  }
  if (written.length !== lines.length)
    throw new SqlError('SC001', 'a seat was sold by somebody else meanwhile');
  const booked = judged.filter(({ verdict }) => verdict === 'booked');
  const leftMs = Math.min(...booked.map(({ hold }) => hold.leftMs ?? Number.POSITIVE_INFINITY));
  if (tx.now - tx.startedAt > leftMs) throw new SqlError('SC002', 'the time to book has passed');
  // What the rows do not ask for is written last.
  for (const { hold } of made) {
    if (hold.requestId !== null) askedOnce(tx, hold);
    noted(tx, hold.eventId, hold.bookingId);
  }
  return judged.map(({ hold, verdict, reason }) => ({
    hold_id: hold.holdId,
    verdict: (['booked', 'closed', 'taken'].includes(verdict) && !fresh.has(hold.holdId)
      ? 'settled'
      : verdict) as HoldVerdict['verdict'],
    reason,
    created_at: sent.has(hold.holdId) ? new Date(tx.now).toISOString() : null,
    outbox_id: sent.get(hold.holdId) ?? null,
  }));
}

const byHold = (a: { hold: HoldToConfirm }, b: { hold: HoldToConfirm }) =>
  outcomeKey(a.hold.eventId, a.hold.holdId) < outcomeKey(b.hold.eventId, b.hold.holdId) ? -1 : 1;

function storedBooking(hold: HoldToConfirm, now: number): StoredBooking {
  return {
    id: hold.bookingId,
    eventId: hold.eventId,
    userId: hold.userId,
    holdId: hold.holdId,
    status: 'confirmed',
    totalCents: hold.seats.reduce((sum, line) => sum + line.priceCents, 0),
    currency: hold.currency,
    createdAt: now,
    cancelledAt: null,
    cancelledBy: null,
    seats: hold.seats.map(({ seat, label, category, priceCents }) => {
      return { seat, label, category, priceCents, cancelledAt: null };
    }),
  };
}

function refuseHold(tx: Transaction, [eventId, holdId, reason]: unknown[]): unknown[] {
  const key = outcomeKey(String(eventId), String(holdId));
  tx.lock(`outcome ${key}`);
  const found = tx.tables.outcomes.get(key);
  if (found) return [{ ...found }];
  const outcome = { outcome: 'refused' as const, reason: String(reason) };
  tx.write(() => tx.tables.outcomes.set(key, outcome), { kind: 'refused', holdId: String(holdId) });
  return [{ ...outcome }];
}

function cancelSeats(tx: Transaction, [id, some, actorId]: unknown[]): unknown[] {
  const { tables } = tx;
  const nothing = [{ outbox_id: null, refund_cents: 0, ended: false }];
  const booking = tables.bookings.get(String(id));
  const seen = tx.seen('booking', () => ({
    status: booking?.status,
    active: (booking?.seats ?? []).filter((line) => line.cancelledAt === null).map(({ seat }) => seat),
  }));
  if (!booking || seen.status !== 'confirmed') return nothing;
  tx.lock(`booking ${booking.id}`);
  if (booking.status !== 'confirmed') return nothing;
  const wanted = (seat: number) => some === null || (some as number[]).includes(seat);
  const freed: number[] = [];
  for (const seat of seen.active.filter(wanted)) {
    tx.lock(seatKey(booking.eventId, seat));
    if (booking.seats.some((line) => line.seat === seat && line.cancelledAt === null)) freed.push(seat);
  }
  // What is left over is locked, and so read as it is by now.
  const ends = booking.seats.every((line) => line.cancelledAt !== null || wanted(line.seat));
  if (freed.length > 0 || ends) {
    tx.write(() => end(tx, booking, freed, ends, actorId), { kind: 'cancelled', booking, seats: freed });
  }
  if (freed.length > 0) noted(tx, booking.eventId, booking.id);
  const sent =
    freed.length === 0
      ? null
      : outbox(tx, 'booking-cancelled', booking.id, { bookingId: booking.id, seats: freed.sort(up) }, 3000);
  return [{ outbox_id: sent, refund_cents: 0, ended: ends }];
}

function end(
  { tables, now }: Transaction,
  booking: StoredBooking,
  seats: number[],
  whole: boolean,
  actorId: unknown,
): void {
  for (const line of booking.seats) if (seats.includes(line.seat)) line.cancelledAt = now;
  if (!whole) return;
  booking.status = 'cancelled';
  booking.cancelledAt = now;
  const { organizerId } = tables.events.get(booking.eventId) ?? {};
  booking.cancelledBy = actorId === booking.userId ? 'buyer' : actorId === organizerId ? 'organizer' : 'hub';
}

const up = (a: number, b: number) => a - b;

function cancelEvent(tx: Transaction, [id, actorId, sessionId, requestId, reason]: unknown[]): unknown[] {
  const { tables } = tx;
  const event = tables.events.get(String(id));
  if (!event) return [{ status: null, outbox_id: null }];
  tx.lock(`event ${event.id}`);
  const { status } = event;
  if (status !== 'cancelled') tx.write(() => Object.assign(event, { status: 'cancelled' }));
  const confirmed = tx.seen('confirmed', () =>
    [...tables.bookings.values()].some((each) => each.eventId === id && each.status === 'confirmed'),
  );
  const payload = { eventId: event.id, actorId, sessionId, requestId, reason };
  const isDue = status !== 'cancelled' || confirmed;
  const sent = isDue ? outbox(tx, 'event-cancelled', event.id, payload, 4000) : null;
  return [{ status, outbox_id: sent }];
}

function cancelEventBatch(tx: Transaction, [eventId, atMost, actorId]: unknown[]): unknown[] {
  const { tables } = tx;
  const batch = [...tables.bookings.values()]
    .filter((each) => each.eventId === eventId && each.status === 'confirmed')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ id }) => tx.locks.isFree(tx, `booking ${id}`, 'exclusive'))
    .slice(0, Number(atMost));
  return batch.flatMap((booking) => {
    tx.lock(`booking ${booking.id}`);
    const seats = booking.seats.filter((line) => line.cancelledAt === null).map(({ seat }) => seat);
    for (const seat of seats) tx.lock(seatKey(booking.eventId, seat));
    tx.write(() => end(tx, booking, seats, true, actorId), { kind: 'cancelled', booking, seats });
    if (seats.length === 0) return [];
    noted(tx, booking.eventId, booking.id);
    const payload = { bookingId: booking.id, seats: seats.sort(up) };
    const sent = outbox(tx, 'booking-cancelled', booking.id, payload, 10_000);
    return [{ id: booking.id, user_id: booking.userId, hold_id: booking.holdId, outbox_id: sent }];
  });
}

const all = (tx: Transaction) => [...tx.tables.bookings.values()];

function activeLines(tx: Transaction, eventId: unknown): { seat: number; user_id: string }[] {
  const lines = all(tx)
    .filter((each) => each.eventId === eventId)
    .flatMap(({ seats, userId }) =>
      seats.filter((line) => line.cancelledAt === null).map(({ seat }) => ({ seat, user_id: userId })),
    );
  return lines.sort((a, b) => a.seat - b.seat);
}

function latestSales(tx: Transaction, [ids]: unknown[]): unknown[] {
  return (ids as string[]).flatMap((eventId) => {
    const rows = tx.tables.sales.filter((row) => row.eventId === eventId);
    rows.sort((a, b) => b.at - a.at || b.id - a.id);
    return rows[0] ? [{ event_id: eventId, row_id: String(rows[0].id) }] : [];
  });
}

export const simStatements: Record<string, SimStatement> = {
  'confirm-holds': makeConfirmHolds(),
  'refuse-hold': refuseHold,
  'compare-event': compareEvent,
  'latest-sales': latestSales,
  'read-outcome': (tx, [eventId, holdId]) => {
    const found = tx.tables.outcomes.get(outcomeKey(String(eventId), String(holdId)));
    return found ? [{ ...found }] : [];
  },
  'booked-seats': (tx, [eventId]) => activeLines(tx, eventId),
  'sold-among': (tx, [eventId, seats]) =>
    activeLines(tx, eventId)
      .filter(({ seat }) => (seats as number[]).includes(seat))
      .map(({ seat }) => ({ seat })),
  'booking-of-hold': (tx, [holdId]) => {
    const found = tx.tables.bookingOf(String(holdId));
    return found ? [bookingRow(found)] : [];
  },
  'read-booking': (tx, [id]) => {
    const found = tx.tables.bookings.get(String(id));
    return found ? [bookingRow(found)] : [];
  },
  'read-bookings': (tx, [ids]) =>
    all(tx)
      .filter(({ id }) => (ids as string[]).includes(id))
      .map(bookingRow),
  'cancel-seats': cancelSeats,
  'cancel-event': cancelEvent,
  'cancel-event-batch': cancelEventBatch,
  'event-cancellation': (tx, [eventId]) => {
    const bookings = all(tx).filter((each) => each.eventId === eventId);
    const done = bookings.filter(({ status }) => status === 'cancelled').length;
    return [{ done, total: bookings.length }];
  },
  ...requestStatements,
  ...outboxStatements,
  // Nothing in a run is a day old.
  'forget-old': () => [{ forgotten: 0 }],
};
