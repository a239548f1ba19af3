import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import {
  beginSaleInAnHour,
  call,
  endWaiting,
  expectRefused,
  fillQueue,
  heard,
  lockOutcomes,
  nobody,
  node,
  organizerOf,
} from '../support.ts';

const hubs = await startTestHubs(2);
const free = 'f'.repeat(40);

/** A buyer, and a viewer of another node. */
async function scene(options: Parameters<typeof hubs.event>[0] = {}) {
  const eventId = await hubs.event(options);
  const user = await hubs.user();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const ask = (...seats: number[]) => ({ eventId, seats, requestId: requestId() });
  return { eventId, user, map, ask };
}

test('[BOOK-12] seats are booked in one step, over HTTP and on a socket; viewers of another node see them sold, and the buyer is told', async () => {
  const { user, map, ask } = await scene();
  const elsewhere = await hubs.connect(user, 1);
  const { booking } = await call(node(hubs), 'bookings:book', ask(5, 4), user);
  expect(booking).toMatchObject({ status: 'confirmed', totalCents: 5000, currency: 'EUR' });
  expect(booking.seats.map((line) => line.seat)).toEqual([4, 5]);
  const other = await elsewhere.request('bookings:book', ask(6));
  await until(() => lettersOf(map) === `ffffsss${'f'.repeat(33)}`, 'the sold seats');
  await until(() => heard(elsewhere, 'bookings:confirmed').length === 2, 'both tells');
  expect((await elsewhere.request('bookings:list', {})).bookings).toEqual([other.booking, booking]);
});

test('[BOOK-12] repeated under its request id, on any node, it is one booking; in any order of its seats', async () => {
  const { eventId, user, ask } = await scene();
  const request = ask(4, 5);
  const first = await call(node(hubs), 'bookings:book', request, user);
  expect(await call(node(hubs, 1), 'bookings:book', request, user)).toEqual(first);
  expect(await call(node(hubs, 1), 'bookings:book', { ...request, seats: [5, 4] }, user)).toEqual(first);
  const all = Array.from({ length: 10 }, (_, i) =>
    call(node(hubs, i % 2), 'bookings:book', { ...ask(7), requestId: 'the-same-ten-times' }, user),
  );
  const ids = new Set((await Promise.all(all)).map(({ booking }) => booking.id));
  expect(ids.size).toBe(1);
  expect(await hubs.sql('select id from bookings where event_id = $1', [eventId])).toHaveLength(2);
});

test('[BOOK-12] a cancelled booking is not made anew by a repeat', async () => {
  const { user, ask, map } = await scene();
  const request = ask(4);
  const { booking } = await call(node(hubs), 'bookings:book', request, user);
  await call(node(hubs), 'bookings:cancel', { bookingId: booking.id, requestId: requestId() }, user);
  const again = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(again.booking).toMatchObject({ id: booking.id, status: 'cancelled' });
  await until(() => lettersOf(map) === free, 'the seat to be free');
});

test('[BOOK-12] seats-taken: all or none, and nothing stays held', async () => {
  const { eventId, user, map, ask } = await scene();
  const rival = await hubs.connect(await hubs.user());
  await rival.hold(eventId, [5]);
  const details = await expectRefused(node(hubs), 'bookings:book', ask(4, 5, 6), user, 'seats-taken');
  expect(details).toEqual({ seats: [5] });
  await until(() => lettersOf(map) === `fffffh${'f'.repeat(34)}`, 'only the seat of the other to be held');
  expect(await call(node(hubs), 'seats:holds', { eventId }, user)).toMatchObject({ holds: [] });
});

test('[BOOK-12] many who book one seat at once, on two nodes: one has it, and nobody holds anything', async () => {
  const { eventId, map } = await scene();
  const users = await hubs.users(20);
  const answers = await Promise.allSettled(
    users.map((user, i) =>
      call(node(hubs, i % 2), 'bookings:book', { eventId, seats: [3, 10 + i], requestId: requestId() }, user),
    ),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const winner = answers.findIndex(({ status }) => status === 'fulfilled');
  const expected = Array.from(free, (letter, seat) => (seat === 3 || seat === 10 + winner ? 's' : letter));
  await until(() => lettersOf(map) === expected.join(''), 'the two seats of the winner to be sold');
});

test('event-not-found, event-not-on-sale: drafts, and what has started, was cancelled, or is nowhere', async () => {
  const { user } = await scene();
  const ask = (eventId: string) => ({ eventId, seats: [1], requestId: requestId() });
  await expectRefused(node(hubs), 'bookings:book', ask(nobody), user, 'event-not-found');
  const draft = await hubs.event({ publish: false });
  await expectRefused(node(hubs), 'bookings:book', ask(draft), user, 'event-not-found');
  const started = await hubs.event({ startsInMs: -1000 });
  await expectRefused(node(hubs), 'bookings:book', ask(started), user, 'event-not-on-sale');
  const off = await hubs.event();
  await call(node(hubs), 'events:cancel', { eventId: off }, await organizerOf(hubs, off));
  await expectRefused(node(hubs), 'bookings:book', ask(off), user, 'event-not-on-sale');
});

test('sale-not-started: before the sale begins nothing is booked or held', async () => {
  const { eventId, user, map, ask } = await scene();
  const from = await beginSaleInAnHour(hubs, eventId);
  const refused = () => expectRefused(node(hubs), 'bookings:book', ask(4), user, 'sale-not-started');
  expect(await refused()).toEqual({ from });
  expect(lettersOf(map)).toBe(free);
});

test('event-not-on-sale: an event that is cancelled between the hold and the booking leaves nothing held', async () => {
  const { eventId, user, map, ask } = await scene();
  // No node has heard of it, and the map is open.
  await hubs.sql("update events set status = 'cancelled' where id = $1", [eventId]);
  await expectRefused(node(hubs), 'bookings:book', ask(4, 5), user, 'event-not-on-sale');
  await until(() => lettersOf(map) === free, 'the seats to be free again');
});

test('seats-unknown, seats-per-hold, seats-per-buyer: as for a hold', async () => {
  const { user, ask } = await scene({ rules: { seatsPerHold: 2, seatsPerBuyer: 3 } });
  const refused = (seats: number[], code: Parameters<typeof expectRefused>[4]) =>
    expectRefused(node(hubs), 'bookings:book', ask(...seats), user, code);
  expect(await refused([1, 40], 'seats-unknown')).toEqual({ seats: [40], count: 40 });
  expect(await refused([1, 2, 3], 'seats-per-hold')).toEqual({ allowed: 2 });
  await call(node(hubs), 'bookings:book', ask(1, 2), user);
  expect(await refused([3, 4], 'seats-per-buyer')).toEqual({ allowed: 3, left: 1 });
});

test('payment-required: what is paid online is neither booked nor held', async () => {
  const { user, map, ask } = await scene({ rules: { payment: 'online' } });
  await expectRefused(node(hubs), 'bookings:book', ask(4), user, 'payment-required');
  await expectRefused(node(hubs), 'bookings:book', ask(99), user, 'seats-unknown');
  expect(lettersOf(map)).toBe(free);
});

test('request-id-reused: for other seats, another event, or another message', async () => {
  const { eventId, user, map, ask } = await scene();
  const request = ask(4);
  await call(node(hubs), 'bookings:book', request, user);
  const refused = (message: 'bookings:book' | 'seats:hold', changed: object) =>
    expectRefused(node(hubs, 1), message, { ...request, ...changed }, user, 'request-id-reused');
  await refused('bookings:book', { seats: [5] });
  await refused('bookings:book', { eventId: await hubs.event() });
  await refused('seats:hold', { seats: [5] });
  const cancel = { bookingId: nobody, requestId: request.requestId };
  await expectRefused(node(hubs), 'bookings:cancel', cancel, user, 'request-id-reused');
  // The other way round: the id belongs to a cancellation, which PostgreSQL knows when it is to book.
  const { booking } = await call(node(hubs), 'bookings:book', ask(6), user);
  const used = requestId();
  await call(node(hubs), 'bookings:cancel', { bookingId: booking.id, requestId: used }, user);
  await refused('bookings:book', { seats: [7], requestId: used });
  await until(() => lettersOf(map) === `ffffs${'f'.repeat(35)}`, 'nothing else to be held');
  expect(await call(node(hubs), 'seats:holds', { eventId }, user)).toMatchObject({ holds: [] });
});

test('booking-pending: nobody knows yet, and asked again it is the true answer', async () => {
  const { user, map, ask } = await scene();
  const request = ask(4);
  const lock = await lockOutcomes(hubs);
  const denied = expectRefused(node(hubs), 'bookings:book', request, user, 'booking-pending');
  await until(async () => (await endWaiting(hubs)) > 0, 'the statement to lose its connection');
  await denied;
  await until(() => lettersOf(map)[4] === 'h', 'the seat to be seen held');
  await lock.release();
  const { booking } = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(booking.status).toBe('confirmed');
});

test('overloaded: more than the queue takes come again under the same id, and have their seats', async () => {
  const { user, ask } = await scene();
  const lock = await lockOutcomes(hubs);
  const filling = await fillQueue(node(hubs), user.id);
  const request = ask(4);
  await expectRefused(node(hubs), 'bookings:book', request, user, 'overloaded');
  await lock.release();
  await Promise.all(filling);
  const { booking } = await call(node(hubs), 'bookings:book', request, user);
  expect(booking.seats.map((each) => each.seat)).toEqual([4]);
});
