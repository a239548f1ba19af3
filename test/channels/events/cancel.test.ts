import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import {
  book,
  call,
  expectOnce,
  expectRefused,
  heard,
  lockOutcomes,
  nobody,
  node,
  organizerOf,
  untilConfirming,
} from '../support.ts';

const hubs = await startTestHubs(2);

const statusesOf = async (eventId: string) =>
  (await hubs.sql<{ status: string }>('select status from bookings where event_id = $1', [eventId])).map(
    (row) => row.status,
  );

test('[EVENT-3] the sale ends, holds are freed, bookings cancelled, and everybody is told', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user(), 1)];
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const booking = await book(ada, eventId, [1, 2]);
  const { hold } = await bob.request('seats:hold', { eventId, seats: [5], requestId: requestId() });
  const told = Promise.all([
    viewer.next('events:cancelled'),
    ada.next('bookings:cancelled'),
    bob.next('seats:hold-expired'),
  ]);
  const request = { eventId, reason: 'The orchard was sold.' };
  const event = await call(node(hubs), 'events:cancel', request, await organizerOf(hubs, eventId));
  expect(event).toMatchObject({ id: eventId, status: 'cancelled' });
  const [cancelled, refunded, expired] = await told;
  expect(cancelled).toEqual({ eventId, reason: 'The orchard was sold.' });
  expect(refunded.booking).toMatchObject({ id: booking.id, status: 'cancelled' });
  expect(expired).toEqual({ eventId, holdId: hold.holdId, seats: [5] });
  await until(() => lettersOf(map) === 'f'.repeat(40), 'all seats to be free');
  expect(await statusesOf(eventId)).toEqual(['cancelled']);
  const ask = { eventId, seats: [7], requestId: requestId() };
  await bob.expectDenied('seats:hold', ask, 'event-not-on-sale');
  await ada.expectDenied('seats:hold', ask, 'event-not-on-sale');
});

test('[EVENT-3] more holds than one call of Redis may free', async () => {
  const eventId = await hubs.event({ seats: 260, rules: { seatsPerBuyer: 260 } });
  const buyer = await hubs.connect(await hubs.user());
  await Promise.all(
    Array.from({ length: 260 }, (_, seat) =>
      buyer.request('seats:hold', { eventId, seats: [seat], requestId: requestId() }),
    ),
  );
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  expect(lettersOf(await buyer.watching(eventId))).toBe('f'.repeat(260));
});

test('[EVENT-3] a confirm that is under way is refused, and its seats become free', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const lock = await lockOutcomes(hubs);
  const ask = { eventId, holdId: hold.holdId, requestId: requestId() };
  const denied = buyer.expectDenied('bookings:confirm', ask, 'event-not-on-sale');
  await untilConfirming(hubs, eventId, hold.holdId);
  await call(node(hubs, 1), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  // Nobody knows yet how the confirm will end, so its seat is still held.
  expect(lettersOf(map)).toBe(`ffffh${'f'.repeat(35)}`);
  await lock.release();
  await denied;
  await until(() => lettersOf(map) === 'f'.repeat(40), 'the free seat');
  expect(await statusesOf(eventId)).toEqual([]);
});

test('cancelling again changes nothing', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const first = await call(node(hubs), 'events:cancel', { eventId }, organizer);
  expect(await call(node(hubs, 1), 'events:cancel', { eventId }, organizer)).toEqual(first);
});

test('[EVENT-3] cancelling again finishes what a node that died has left', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, eventId, [1]);
  await buyer.request('seats:hold', { eventId, seats: [2], requestId: requestId() });
  await hubs.sql("update events set status = 'cancelled' where id = $1", [eventId]);
  await call(node(hubs, 1), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  expect(await statusesOf(eventId)).toEqual(['cancelled']);
  expect(lettersOf(await buyer.watching(eventId))).toBe('f'.repeat(40));
});

test('a draft can be cancelled', async () => {
  const eventId = await hubs.event({ publish: false });
  const event = await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  expect(event.status).toBe('cancelled');
});

test("event-not-found: there is none, or it is somebody else's", async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  await expectRefused(node(hubs), 'events:cancel', { eventId: nobody }, organizer, 'event-not-found');
  const other = await hubs.user('organizer');
  await expectRefused(node(hubs), 'events:cancel', { eventId }, other, 'event-not-found');
  expect((await call(node(hubs), 'events:read', { eventId })).status).toBe('published');
});

test("[REQ-2] 'request-id-reused': cancelled once under one key", async () => {
  const [eventId, other] = [await hubs.event(), await hubs.event()];
  await expectOnce(
    hubs,
    'events:cancel',
    [{ eventId }, { eventId: other }],
    await organizerOf(hubs, eventId),
  );
});

test('[EVENT-3] hundreds of bookings are cancelled in batches while others keep booking, and progress is told', async () => {
  const count = 450;
  const eventId = await hubs.event({ seats: count, rules: { seatsPerBuyer: count } });
  const busy = await hubs.event({ seats: 40, rules: { seatsPerBuyer: 40 } });
  const [buyer, other] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user(), 1)];
  await Promise.all(Array.from({ length: count }, (_, seat) => book(buyer, eventId, [seat])));
  const user = await organizerOf(hubs, eventId);
  const organizer = await hubs.connect(user, 1);
  const booking = Promise.all(Array.from({ length: 40 }, (_, seat) => book(other, busy, [seat])));
  await call(node(hubs), 'events:cancel', { eventId }, user);
  const progress = () => heard(organizer, 'events:unwound') as { done: number; total: number }[];
  await until(() => progress().at(-1)?.done === count, 'the last of the progress');
  expect(progress().length).toBeGreaterThan(2);
  expect(progress().every(({ total }) => total === count)).toBe(true);
  expect(new Set(await statusesOf(eventId))).toEqual(new Set(['cancelled']));
  await until(() => heard(buyer, 'bookings:cancelled').length === count, 'every buyer to be told');
  expect((await booking).every(({ status }) => status === 'confirmed')).toBe(true);
  const map = await other.watching(eventId);
  await until(() => lettersOf(map) === 'f'.repeat(count), 'all seats to be free');
}, 60_000);

test('event-completed: what is over stays as it was', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const booking = await book(buyer, eventId, [1]);
  await hubs.sql("update events set status = 'completed' where id = $1", [eventId]);
  const organizer = await organizerOf(hubs, eventId);
  await expectRefused(node(hubs), 'events:cancel', { eventId }, organizer, 'event-completed');
  const { bookings } = await buyer.request('bookings:list', {});
  expect(bookings).toMatchObject([{ id: booking.id, status: 'confirmed' }]);
});

test('series-needed: nothing follows an event of no series', async () => {
  const eventId = await hubs.event();
  const request = { eventId, scope: 'following' };
  await expectRefused(
    node(hubs),
    'events:cancel',
    request,
    await organizerOf(hubs, eventId),
    'series-needed',
  );
});
