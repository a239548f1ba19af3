import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, nobody, node, noHold, organizerOf, whileConfirming } from '../support.ts';

const hubs = await startTestHubs(2);
const free = 'f'.repeat(40);

/** A buyer on both nodes, with a hold of three seats. */
async function holder() {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { hold } = await near.request('seats:hold', { eventId, seats: [4, 5, 6], requestId: requestId() });
  return { eventId, near, far, hold, holdId: hold.holdId };
}

test('[HOLD-11] releasing all seats ends the hold, and viewers of another node see them free', async () => {
  const { eventId, near, holdId } = await holder();
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const reply = await near.request('seats:release', { eventId, holdId, requestId: requestId() });
  expect(reply.hold).toBeNull();
  await until(() => lettersOf(map) === free, 'the free seats');
  await near.expectDenied('seats:extend', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
});

test('[HOLD-11] releasing some seats keeps the others, and the time they have', async () => {
  const { eventId, near, far, hold, holdId } = await holder();
  const ask = { eventId, holdId, seats: [5], requestId: requestId() };
  const reply = await far.request('seats:release', ask);
  expect(reply.hold).toEqual({ ...hold, seats: [4, 6], totalCents: 5000 });
  const map = await near.watching(eventId);
  expect(lettersOf(map)).toBe(`ffffhfh${'f'.repeat(33)}`);
});

test('[HOLD-11] releasing the last seat by its name ends the hold', async () => {
  const { eventId, near, holdId } = await holder();
  await near.request('seats:release', { eventId, holdId, seats: [4, 6], requestId: requestId() });
  const last = await near.request('seats:release', { eventId, holdId, seats: [5], requestId: requestId() });
  expect(last.hold).toBeNull();
  const { holds } = await near.request('seats:watch', { eventId });
  expect(holds).toEqual([]);
});

test('[HOLD-6] a repeated release does not free what somebody else holds by now', async () => {
  const { eventId, near, far, holdId } = await holder();
  const ask = { eventId, holdId, requestId: requestId() };
  const first = await near.request('seats:release', ask);
  const rival = await hubs.connect(await hubs.user());
  await rival.request('seats:hold', { eventId, seats: [4, 5, 6], requestId: requestId() });
  const again = await far.request('seats:release', ask);
  expect(again.hold).toEqual(first.hold);
  expect(lettersOf(await rival.watching(eventId))).toBe(`ffffhhh${'f'.repeat(33)}`);
});

test('[HOLD-7] request-id-reused: the same id for other seats', async () => {
  const { eventId, near, far, holdId } = await holder();
  const ask = { eventId, holdId, seats: [4], requestId: requestId() };
  await near.request('seats:release', ask);
  await far.expectDenied('seats:release', { ...ask, seats: [5] }, 'request-id-reused');
});

test('[HOLD-8] hold-not-found: to everybody but its owner it does not exist', async () => {
  const { eventId, hold, holdId } = await holder();
  const organizer = await organizerOf(hubs, eventId);
  for (const user of [await hubs.user(), await hubs.user('admin'), organizer]) {
    const client = await hubs.connect(user);
    const ask = { eventId, holdId, requestId: requestId() };
    await client.expectDenied('seats:release', ask, 'hold-not-found');
  }
  const viewer = await hubs.connect(undefined, 1);
  expect(lettersOf(await viewer.watching(eventId))).toContain('h'.repeat(hold.seats.length));
});

test('hold-not-found: it was never there', async () => {
  const { eventId, near } = await holder();
  const ask = { eventId, holdId: noHold, requestId: requestId() };
  await near.expectDenied('seats:release', ask, 'hold-not-found');
});

test('seats-unknown: the hold has no such seat, so none is released', async () => {
  const { eventId, near, hold, holdId } = await holder();
  const ask = { eventId, holdId, seats: [4, 7], requestId: requestId() };
  expect(await near.expectDenied('seats:release', ask, 'seats-unknown')).toMatchObject({ seats: [7] });
  const { holds } = await near.request('seats:watch', { eventId });
  expect(holds).toEqual([hold]);
});

test('hold-confirming: what is being booked is not released', async () => {
  const { eventId, near, far, hold, holdId } = await holder();
  const booking = await whileConfirming(hubs, near, hold, async () => {
    const ask = { eventId, holdId, requestId: requestId() };
    await far.expectDenied('seats:release', ask, 'hold-confirming');
  });
  expect(booking.seats).toHaveLength(3);
});

test('event-not-found: no such event', async () => {
  const { near, holdId } = await holder();
  const ask = { eventId: nobody, holdId, requestId: requestId() };
  await near.expectDenied('seats:release', ask, 'event-not-found');
});

test('seats can be given back after the sale has ended', async () => {
  const { eventId, far, holdId } = await holder();
  const startsAt = new Date(Date.now() - 1000).toISOString();
  await call(node(hubs), 'events:update', { eventId, startsAt }, await organizerOf(hubs, eventId));
  const reply = await far.request('seats:release', { eventId, holdId, requestId: requestId() });
  expect(reply.hold).toBeNull();
});
