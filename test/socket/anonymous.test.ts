import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { newHoldId, newId } from '../../src/ids.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { joined } from './raw.ts';

const hubs = await startTestHubs();
const { url, sockets } = hubs.nodes[0] as Hub;
expectHonestService(hubs);
const eventId = await hubs.event();

test('[AUTH-4] an anonymous socket may watch a published event and read about it', async () => {
  const viewer = await joined(url);
  expect(await viewer.ask('seats:watch', { eventId })).toMatchObject({ ok: true, data: { holds: [] } });
  expect((await viewer.ask('events:read', { eventId })).ok).toBe(true);
  expect((await viewer.ask('events:list', {})).ok).toBe(true);
  viewer.close();
});

const holdId = newHoldId();
test.each([
  ['seats:hold', { eventId, seats: [1], requestId: 'anonymous-1' }],
  ['seats:extend', { eventId, holdId, requestId: 'anonymous-2' }],
  ['seats:release', { eventId, holdId, requestId: 'anonymous-3' }],
  ['bookings:confirm', { eventId, holdId, requestId: 'anonymous-4' }],
  ['bookings:cancel', { bookingId: newId(), requestId: 'anonymous-5' }],
  ['bookings:list', {}],
])('[AUTH-4] an anonymous %s is refused', async (message, request) => {
  const viewer = await joined(url);
  expect(await viewer.ask(message, request)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
  viewer.close();
});

test('[AUTH-4] a draft is not there for anonymous sockets, and neither is its room', async () => {
  const draft = await hubs.event({ publish: false });
  const viewer = await joined(url);
  const [hidden, absent] = [
    await viewer.ask('seats:watch', { eventId: draft }),
    await viewer.ask('seats:watch', { eventId: newId() }),
  ];
  expect(hidden).toEqual(absent);
  expect(hidden).toMatchObject({ ok: false, error: { code: 'event-not-found' } });
  expect(sockets.isWatched(draft)).toBe(false);
  viewer.close();
});

test('[AUTH-4] no message joins a room by its name', async () => {
  const user = await hubs.user();
  const viewer = await joined(url);
  for (const name of ['join', 'subscribe', 'room', 'socket:join', 'joinRoom']) {
    expect(await viewer.ask(name, `user:${user.id}`)).toMatchObject({ ok: false });
  }
  for (const id of [user.id, `user:${user.id}`, '', '*', '#'])
    await viewer.ask('seats:watch', { eventId: id });
  expect([...sockets.io.of('/').adapter.rooms.keys()].filter((room) => room.includes(user.id))).toEqual([]);
  viewer.close();
});

test('[AUTH-4] a socket watches 20 events at most, also when it asks for all at once', async () => {
  const ids = await Promise.all(Array.from({ length: 25 }, () => hubs.event()));
  const viewer = await joined(url);
  const acks = await Promise.all(ids.map((id) => viewer.ask('seats:watch', { eventId: id })));
  expect(acks.filter((ack) => ack.ok).length).toBe(20);
  expect(acks.find((ack) => !ack.ok)).toMatchObject({
    error: { code: 'too-many-rooms', details: { allowed: 20 } },
  });
  viewer.close();
  await until(() => !ids.some((id) => sockets.isWatched(id)), 'the rooms to be left');
});

test('[AUTH-4] a storm of watching and unwatching leaves no rooms behind', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => hubs.event()));
  const viewers = await Promise.all(Array.from({ length: 10 }, () => joined(url)));
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      viewers.map((viewer, i) =>
        Promise.all([
          viewer.ask('seats:watch', { eventId: ids[(i + round) % 10] }),
          viewer.ask('seats:unwatch', { eventId: ids[(i + round) % 10] }),
        ]),
      ),
    );
  }
  for (const viewer of viewers) viewer.close();
  await until(() => !ids.some((id) => sockets.isWatched(id)), 'the rooms to be left');
});

test('[AUTH-4] a storm of made-up event ids is answered and slows nobody', async () => {
  const viewers = await Promise.all(Array.from({ length: 10 }, () => joined(url)));
  const buyer = await hubs.connect(await hubs.user());
  const storm = Promise.all(
    viewers.flatMap((viewer) =>
      Array.from({ length: 20 }, () => viewer.ask('seats:watch', { eventId: newId() })),
    ),
  );
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    const from = performance.now();
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [i], requestId: requestId() });
    await buyer.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
    times.push(performance.now() - from);
  }
  for (const ack of await storm) expect(ack).toMatchObject({ ok: false, error: { code: 'event-not-found' } });
  expect(Math.max(...times)).toBeLessThan(5000);
  for (const viewer of viewers) viewer.close();
});
