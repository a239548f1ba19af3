import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, heard, nobody, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

/** A buyer with a booking of two seats. */
async function booked() {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const booking = await book(buyer, eventId, [4, 5]);
  return { eventId, user, buyer, booking, bookingId: booking.id };
}

const startEvent = (eventId: string) =>
  hubs.sql("update events set starts_at = now() - interval '1 minute' where id = $1", [eventId]);

test('[BOOK-7] a cancelled booking frees its seats, and viewers of another node see it', async () => {
  const { eventId, user, booking, bookingId } = await booked();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const far = await hubs.connect(user, 1);
  const reply = await far.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect(reply.booking).toEqual({
    ...booking,
    status: 'cancelled',
    cancelledAt: reply.booking.cancelledAt,
    cancelledBy: 'buyer',
    seats: reply.booking.seats,
  });
  expect(reply.booking.seats.map((line) => line.seat)).toEqual([4, 5]);
  expect(reply.booking.cancelledAt).not.toBeNull();
  await until(() => lettersOf(map) === 'f'.repeat(40), 'the free seats');
});

test('[BOOK-7] cancelled twenty times at once over two nodes, the seats are freed once', async () => {
  const { eventId, user, bookingId } = await booked();
  const sockets = await Promise.all([0, 1, 0, 1].map((on) => hubs.connect(user, on)));
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      sockets[i % 4]?.request('bookings:cancel', { bookingId, requestId: requestId() }),
    ),
  );
  for (const reply of replies) expect(reply).toEqual(replies[0]);
  const rival = await hubs.connect(await hubs.user(), 1);
  await book(rival, eventId, [4]);
  await rival.request('seats:hold', { eventId, seats: [5], requestId: requestId() });
  const again = await sockets[0]?.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect(again).toEqual(replies[0]);
  const map = await rival.watching(eventId);
  await until(() => lettersOf(map) === `ffffsh${'f'.repeat(34)}`, "the rival's seats");
  expect(heard(sockets[1] ?? rival, 'bookings:cancelled')).toHaveLength(1);
});

test('[BOOK-8] event-started: a buyer cancels until the event starts, its organizer and admins always', async () => {
  const admin = await hubs.connect(await hubs.user('admin'), 1);
  for (const by of ['organizer', 'admin'] as const) {
    const { eventId, buyer, bookingId } = await booked();
    await startEvent(eventId);
    // The node has read the event before it started, and may not ask again for half a minute.
    for (const hub of hubs.nodes) hub.engine.events.forget(eventId);
    await buyer.expectDenied('bookings:cancel', { bookingId, requestId: requestId() }, 'event-started');
    const who = by === 'admin' ? admin : await hubs.connect(await organizerOf(hubs, eventId));
    const told = buyer.next('bookings:cancelled');
    const { booking } = await who.request('bookings:cancel', { bookingId, requestId: requestId() });
    expect(booking).toMatchObject({ status: 'cancelled', cancelledBy: by === 'admin' ? 'hub' : 'organizer' });
    expect(await told).toEqual({ booking });
  }
});

test('[BOOK-8] the organizer of another event is nobody here', async () => {
  const { bookingId } = await booked();
  const stranger = await hubs.connect(await hubs.user('organizer'));
  await stranger.expectDenied('bookings:cancel', { bookingId, requestId: requestId() }, 'booking-not-found');
});

test("[BOOK-6] booking-not-found: there is none, or it is somebody else's", async () => {
  const { eventId, buyer, booking, bookingId } = await booked();
  const rival = await hubs.connect(await hubs.user());
  await rival.expectDenied('bookings:cancel', { bookingId, requestId: requestId() }, 'booking-not-found');
  const unknown = { bookingId: nobody, requestId: requestId() };
  await buyer.expectDenied('bookings:cancel', unknown, 'booking-not-found');
  const { bookings } = await buyer.request('bookings:list', { eventId });
  expect(bookings).toEqual([booking]);
});

test('[BOOK-9] some seats are cancelled, the others stay; seats-unknown: those that are not of the booking', async () => {
  const { eventId, user, buyer, bookingId } = await booked();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const far = await hubs.connect(user, 1);
  const told = far.next('bookings:cancelled');
  const { booking } = await buyer.request('bookings:cancel', {
    bookingId,
    seats: [5],
    requestId: requestId(),
  });
  expect(booking).toMatchObject({ status: 'confirmed', cancelledAt: null });
  expect(booking.seats.map(({ seat, cancelledAt }) => [seat, cancelledAt !== null])).toEqual([
    [4, false],
    [5, true],
  ]);
  expect(await told).toEqual({ booking });
  await until(() => lettersOf(map) === `ffffs${'f'.repeat(35)}`, 'the one free seat');
  const ask = { bookingId, seats: [5, 6], requestId: requestId() };
  expect(await buyer.expectDenied('bookings:cancel', ask, 'seats-unknown')).toEqual({ seats: [6], count: 2 });
  const rival = await hubs.connect(await hubs.user(), 1);
  await book(rival, eventId, [5]);
  const rest = await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect(rest.booking.status).toBe('cancelled');
  await until(() => lettersOf(map) === `fffffs${'f'.repeat(34)}`, "the rival's seat to stay");
  const [actions] = await hubs.sql<{ seats: number[][] }>(
    "select json_agg(seats order by id) as seats from audit where booking_id = $1 and action = 'booking-cancelled'",
    [bookingId],
  );
  expect(actions?.seats).toEqual([[5], [4]]);
});

test('[BOOK-8] cancel-too-late: an event may end the time to cancel long before it starts', async () => {
  const eventId = await hubs.event({ rules: { cancelBeforeMs: 86_400_000 * 2 } });
  const buyer = await hubs.connect(await hubs.user());
  const { id: bookingId } = await book(buyer, eventId, [4]);
  const ask = { bookingId, requestId: requestId() };
  const details = await buyer.expectDenied('bookings:cancel', ask, 'cancel-too-late');
  expect(details.until).toBeLessThan(Date.now());
  const organizer = await hubs.connect(await organizerOf(hubs, eventId));
  const { booking } = await organizer.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect(booking.status).toBe('cancelled');
});

test("[REQ-1] a repeat on another node gets the first answer; 'request-id-reused' for anything else", async () => {
  const { user, buyer, bookingId } = await booked();
  const id = requestId();
  const first = await buyer.request('bookings:cancel', { bookingId, seats: [4], requestId: id });
  const far = await hubs.connect(user, 1);
  await far.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect(await far.request('bookings:cancel', { bookingId, seats: [4], requestId: id })).toEqual(first);
  await far.expectDenied('bookings:cancel', { bookingId, requestId: id }, 'request-id-reused');
  const kept = await hubs.sql(
    'select extract(epoch from now() - created_at) < 60 as fresh from requests where user_id = $1 and request_id = $2',
    [user.id, id],
  );
  expect(kept).toEqual([{ fresh: true }]);
});
