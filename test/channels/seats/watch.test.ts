import { expect, test } from 'vitest';
import { decodeChanges, decodeSnapshot, lettersOfStates } from '../../../src/seats/codec.ts';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test("a new viewer gets the whole map, where it stands, and the hub's clock", async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await book(buyer, eventId, [2]);
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  await until(() => lettersOf(map) === `fhs${'f'.repeat(37)}`, 'the sold seat');
  const reply = await viewer.request('seats:watch', { eventId });
  if (!reply.snapshot) throw new Error('no snapshot');
  expect(lettersOfStates(decodeSnapshot(reply.snapshot))).toBe(`fhs${'f'.repeat(37)}`);
  expect(reply).toMatchObject({ eventId, stale: false, holds: [] });
  expect(reply.changes).toBeUndefined();
  expect(Math.abs(reply.now - Date.now())).toBeLessThan(5000);
});

test('[MAP-2] who comes back gets only what changed', async () => {
  const eventId = await hubs.event();
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const { epoch, position } = map.replica;
  const buyer = await hubs.connect(await hubs.user());
  await buyer.request('seats:hold', { eventId, seats: [3], requestId: requestId() });
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [9], requestId: requestId() });
  await buyer.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
  await until(() => map.replica.position === 3, 'all three changes');
  const reply = await viewer.request('seats:watch', { eventId, since: { epoch, position } });
  expect(reply.snapshot).toBeUndefined();
  expect(reply.position).toBe(3);
  expect([...decodeChanges(reply.changes ?? '')].sort()).toEqual([
    [3, 1],
    [9, 0],
  ]);
});

test('[MAP-2] who has missed nothing gets nothing', async () => {
  const eventId = await hubs.event();
  const viewer = await hubs.connect();
  const { epoch, position } = (await viewer.watching(eventId)).replica;
  const reply = await viewer.request('seats:watch', { eventId, since: { epoch, position } });
  expect(reply).toMatchObject({ epoch, position, changes: '' });
  expect(reply.snapshot).toBeUndefined();
});

test('[MAP-2] who knows another life of the map, or its future, gets the whole map', async () => {
  const eventId = await hubs.event();
  const viewer = await hubs.connect();
  const { epoch } = (await viewer.watching(eventId)).replica;
  for (const since of [
    { epoch: 'AAAAAAAA', position: 0 },
    { epoch, position: 1_000_000 },
  ]) {
    const reply = await viewer.request('seats:watch', { eventId, since });
    expect(reply.snapshot?.count).toBe(40);
    expect(reply.changes).toBeUndefined();
  }
});

test('[MAP-2] who has missed more than a map is long gets the map', async () => {
  const eventId = await hubs.event({ rules: { seatsPerHold: 20 } });
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const { epoch, position } = map.replica;
  const buyer = await hubs.connect(await hubs.user());
  const seats = Array.from({ length: 20 }, (_, i) => i * 2);
  await buyer.request('seats:hold', { eventId, seats, requestId: requestId() });
  await until(() => map.replica.position === 1, 'the hold');
  const reply = await viewer.request('seats:watch', { eventId, since: { epoch, position } });
  expect(reply.snapshot?.encoding).toBe('bits');
});

test("[MAP-5] a watcher gets their own live holds with the map, and nobody else's", async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const rival = await hubs.connect(await hubs.user());
  await rival.request('seats:hold', { eventId, seats: [0], requestId: requestId() });
  const first = await near.request('seats:hold', { eventId, seats: [1, 2], requestId: requestId() });
  const second = await near.request('seats:hold', { eventId, seats: [7], requestId: requestId() });
  const gone = await near.request('seats:hold', { eventId, seats: [8], requestId: requestId() });
  await near.request('seats:release', { eventId, holdId: gone.hold.holdId, requestId: requestId() });
  const { holds } = await far.request('seats:watch', { eventId });
  expect(holds).toEqual([first.hold, second.hold]);
  const anonymous = await hubs.connect();
  expect((await anonymous.request('seats:watch', { eventId })).holds).toEqual([]);
});

test('event-not-found: no such event, or a draft, even for its organizer', async () => {
  const draft = await hubs.event({ publish: false });
  const organizer = await hubs.connect(await organizerOf(hubs, draft));
  const stranger = await hubs.connect();
  for (const client of [organizer, stranger]) {
    await client.expectDenied('seats:watch', { eventId: draft }, 'event-not-found');
    await client.expectDenied('seats:watch', { eventId: nobody }, 'event-not-found');
  }
});

test('a cancelled event can still be watched', async () => {
  const eventId = await hubs.event();
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  const viewer = await hubs.connect(undefined, 1);
  expect(lettersOf(await viewer.watching(eventId))).toBe('f'.repeat(40));
});

test('too-many-rooms: one connection watches 20 events, and another one after leaving one', async () => {
  const viewer = await hubs.connect();
  const events: string[] = [];
  for (let i = 0; i < 21; i++) events.push(await hubs.event({ seats: 1 }));
  const [first = '', last = ''] = [events[0], events.at(-1)];
  for (const eventId of events.slice(0, 20)) await viewer.request('seats:watch', { eventId });
  expect(await viewer.expectDenied('seats:watch', { eventId: last }, 'too-many-rooms')).toEqual({
    allowed: 20,
  });
  await viewer.request('seats:watch', { eventId: first });
  await viewer.request('seats:unwatch', { eventId: first });
  await viewer.request('seats:watch', { eventId: last });
});
