import { expect, test } from 'vitest';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, nobody, node, noHold, organizerOf, whileConfirming } from '../support.ts';

const hubs = await startTestHubs(2);

/** A buyer on both nodes, with a hold. */
async function holder(rules = {}, seats = [4]) {
  const eventId = await hubs.event({ rules });
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { hold } = await near.request('seats:hold', { eventId, seats, requestId: requestId() });
  return { eventId, user, near, far, hold, holdId: hold.holdId };
}

test('a hold gets its time anew, on any node', async () => {
  const { eventId, far, hold, holdId } = await holder({ extensions: 2 });
  const reply = await far.request('seats:extend', { eventId, holdId, requestId: requestId() });
  expect(reply.hold).toEqual({ ...hold, expiresAt: reply.hold.expiresAt, extensionsLeft: 1 });
  expect(reply.hold.expiresAt).toBeGreaterThan(hold.expiresAt);
});

test('an extension outlives the time the hold had at first', async () => {
  const { eventId, near, far, hold, holdId } = await holder({ holdMs: 1500 });
  await near.watching(eventId);
  const later = await far.request('seats:extend', { eventId, holdId, requestId: requestId() });
  await until(() => heard(near, 'seats:hold-expired').length > 0, 'the end of the hold');
  expect(Date.now()).toBeGreaterThanOrEqual(later.hold.expiresAt);
  expect(later.hold.expiresAt).toBeGreaterThan(hold.expiresAt);
});

test('an extension changes no seat, so viewers hear nothing of it', async () => {
  const { eventId, near, far, holdId } = await holder();
  const map = await far.watching(eventId);
  const { position } = await near.request('seats:extend', { eventId, holdId, requestId: requestId() });
  expect(position).toBe(map.replica.position);
  const tick = far.next('seats:changed');
  await near.request('seats:release', { eventId, holdId, requestId: requestId() });
  await tick;
  expect(heard(far, 'seats:changed')).toHaveLength(1);
});

test('[HOLD-10] extensions-used: as often as the event allows, and no more', async () => {
  const { eventId, near, far, holdId } = await holder({ extensions: 2 });
  for (const [client, left] of [
    [near, 1],
    [far, 0],
  ] as const) {
    const { hold } = await client.request('seats:extend', { eventId, holdId, requestId: requestId() });
    expect(hold.extensionsLeft).toBe(left);
  }
  for (const client of [near, far]) {
    const ask = { eventId, holdId, requestId: requestId() };
    await client.expectDenied('seats:extend', ask, 'extensions-used');
  }
});

test('[HOLD-10] an event without extensions extends nothing', async () => {
  const { eventId, near, holdId } = await holder({ extensions: 0 });
  const ask = { eventId, holdId, requestId: requestId() };
  await near.expectDenied('seats:extend', ask, 'extensions-used');
});

test('[HOLD-6] a repeated extension is one extension', async () => {
  const { eventId, near, far, holdId } = await holder({ extensions: 5 });
  const ask = { eventId, holdId, requestId: requestId() };
  const replies = await Promise.all(
    [near, far, near, far].map((client) => client.request('seats:extend', ask)),
  );
  for (const { hold } of replies) expect(hold).toEqual(replies[0]?.hold);
  expect(replies[0]?.hold.extensionsLeft).toBe(4);
});

test('[HOLD-7] request-id-reused: for another hold, or another kind of request', async () => {
  const { eventId, near, holdId } = await holder();
  const id = requestId();
  const { hold: other } = await near.request('seats:hold', { eventId, seats: [9], requestId: id });
  await near.expectDenied(
    'seats:extend',
    { eventId, holdId: other.holdId, requestId: id },
    'request-id-reused',
  );
  const ask = { eventId, holdId, requestId: requestId() };
  await near.request('seats:extend', ask);
  await near.expectDenied('seats:extend', { ...ask, holdId: other.holdId }, 'request-id-reused');
});

test('[HOLD-8] hold-not-found: to everybody but its owner it does not exist', async () => {
  const { eventId, holdId } = await holder();
  const organizer = await organizerOf(hubs, eventId);
  for (const user of [await hubs.user(), await hubs.user('admin'), organizer]) {
    const client = await hubs.connect(user, 1);
    const ask = { eventId, holdId, requestId: requestId() };
    await client.expectDenied('seats:extend', ask, 'hold-not-found');
  }
});

test('hold-not-found: it was never there, or has run out', async () => {
  const { eventId, near, holdId } = await holder({ holdMs: 300 });
  await near.watching(eventId);
  await near.expectDenied(
    'seats:extend',
    { eventId, holdId: noHold, requestId: requestId() },
    'hold-not-found',
  );
  await until(() => heard(near, 'seats:hold-expired').length > 0, 'the end of the hold');
  await near.expectDenied('seats:extend', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
});

test('event-not-found: no such event', async () => {
  const { near, holdId } = await holder();
  const ask = { eventId: nobody, holdId, requestId: requestId() };
  await near.expectDenied('seats:extend', ask, 'event-not-found');
});

test('event-not-on-sale: the event has started meanwhile', async () => {
  const { eventId, near, far, holdId } = await holder();
  const startsAt = new Date(Date.now() - 1000).toISOString();
  await call(node(hubs), 'events:update', { eventId, startsAt }, await organizerOf(hubs, eventId));
  for (const client of [near, far]) {
    const ask = { eventId, holdId, requestId: requestId() };
    await client.expectDenied('seats:extend', ask, 'event-not-on-sale');
  }
});

test('hold-confirming: a hold that is being booked needs no more time', async () => {
  const { eventId, near, far, hold, holdId } = await holder();
  await whileConfirming(hubs, near, hold, async () => {
    const ask = { eventId, holdId, requestId: requestId() };
    await far.expectDenied('seats:extend', ask, 'hold-confirming');
  });
});
