/** An organizer with two sold events, one of them in Swiss francs. */
import type { Booking } from '../../../src/contracts.gen.ts';
import { newId } from '../../../src/ids.ts';
import { startTestHubs, type TestHubs, type TestUser } from '../../support/hub.ts';
import { book, node, organizerOf } from '../support.ts';

export interface Sales {
  hubs: TestHubs;
  organizer: TestUser;
  /** Somebody else's. */
  other: TestUser;
  admin: TestUser;
  buyer: TestUser;
  /** Three seats booked, one of them cancelled. */
  eventId: string;
  booking: Booking;
  /** Of another organizer, with one booking of one seat. */
  otherEventId: string;
  today: string;
}

export async function sell(): Promise<Sales> {
  const hubs = await startTestHubs(1);
  const hub = node(hubs);
  const [eventId, otherEventId] = [await hubs.event(), await hubs.event()];
  const other = await hubs.user('organizer');
  await hubs.sql('update events set organizer_id = $2 where id = $1', [otherEventId, other.id]);
  hub.engine.events.forget(otherEventId);
  const buyer = await hubs.user();
  const client = await hubs.connect(buyer);
  const booking = await book(client, eventId, [1, 2, 3]);
  await client.request('bookings:cancel', { bookingId: booking.id, seats: [2], requestId: newId() });
  await book(client, otherEventId, [5]);
  await hub.engine.audit.flush();
  const organizer = await organizerOf(hubs, eventId);
  const today = new Date().toISOString().slice(0, 10);
  const admin = await hubs.user('admin');
  return { hubs, organizer, other, admin, buyer, eventId, booking, otherEventId, today };
}

/** What the organizer sold. */
export const sold = {
  bookings: 1,
  cancelledBookings: 0,
  seats: 3,
  cancelledSeats: 1,
  grossCents: 7500,
  cancelledCents: 2500,
  revenueCents: 5000,
  cancellationRate: 0.333333,
};
