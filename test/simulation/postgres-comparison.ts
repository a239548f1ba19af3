/** What `compare-event.sql` does: the differences between an event as Redis shows it and the tables. */
import type { StoredBooking, Transaction } from './postgres-tables.ts';

const nothing = { seat: null, booking_id: null, owner: null, booked: null, hold_id: null };

export function compareEvent(tx: Transaction, parameters: unknown[]): unknown[] {
  const [eventId, shown, holdIds, owners, counts, strays] = parameters as [
    string,
    number[],
    string[],
    string[],
    number[],
    number[],
  ];
  const bookings = [...tx.tables.bookings.values()].filter((each) => each.eventId === eventId);
  const busy = busyBookings(tx, bookings);
  const holds = new Set(holdIds);
  const owned = bookings.flatMap((booking) =>
    booking.seats
      .filter((line) => line.cancelledAt === null)
      .map(({ seat }) => ({ seat, booking, isHeld: holds.has(booking.holdId) })),
  );
  const rows: unknown[] = [];
  for (const seat of shown) {
    const isBusy = busy.some(({ seats }) => seats.some((line) => line.seat === seat));
    if (!isBusy && !owned.some((each) => each.seat === seat)) rows.push({ ...nothing, kind: 'unsold', seat });
  }
  for (const { seat, booking, isHeld } of owned) {
    if (isHeld || shown.includes(seat) || busy.includes(booking)) continue;
    rows.push({ ...nothing, kind: 'sold', seat, booking_id: booking.id, owner: booking.userId });
  }
  for (const seat of strays) {
    if (!owned.some((each) => each.seat === seat)) rows.push({ ...nothing, kind: 'stray', seat });
  }
  const has = new Map<string, number>();
  for (const { booking, isHeld } of owned) {
    has.set(booking.userId, (has.get(booking.userId) ?? 0) + (isHeld ? 0 : 1));
  }
  const kept = new Map(owners.map((owner, at) => [owner, counts[at] ?? 0]));
  for (const owner of new Set([...has.keys(), ...kept.keys()])) {
    const booked = has.get(owner) ?? 0;
    if (booked === (kept.get(owner) ?? 0) || busy.some(({ userId }) => userId === owner)) continue;
    rows.push({ ...nothing, kind: 'buyer', owner, booked });
  }
  for (const holdId of holdIds) {
    const isDecided = tx.tables.outcomes.has(`${eventId} ${holdId}`);
    if (isDecided && !busy.some((each) => each.holdId === holdId)) {
      rows.push({ ...nothing, kind: 'settled', hold_id: holdId });
    }
  }
  return rows;
}

/** Those for which the outbox has something to do. */
function busyBookings(tx: Transaction, bookings: StoredBooking[]): StoredBooking[] {
  const ids = new Set<unknown>();
  for (const { topic, payload, sentAt } of tx.tables.outbox.values()) {
    if (sentAt === null && topic.startsWith('booking-')) ids.add(payload.bookingId);
  }
  return bookings.filter(({ id }) => ids.has(id));
}
