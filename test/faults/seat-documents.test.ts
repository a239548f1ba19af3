/** The seats of an event over HTTP while Redis is away, and when it is back. */
import { afterEach, expect, test } from 'vitest';
import type { SeatsReadReply } from '../../src/contracts.gen.ts';
import { book, call, expectRefused, node, send } from '../channels/support.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

const redis = await ownRedis();
const hubs = await startTestHubs(1, { redisTimeoutMs: 500 }, { redisUrl: redis.url });

afterEach(async () => {
  await redis.revive();
  await until(() => node(hubs).links.available, 'the node to have Redis back');
});

test('[SEATS-1] while Redis is away what is sold is shown as stale, also where nobody watches; then all of it again', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  await book(buyer, eventId, [1, 2]);
  const count = () => call(node(hubs), 'seats:capacity', { eventId });
  await until(async () => (await count()).sold === 2, 'the sale to be counted');
  await redis.kill();
  await until(async () => (await count()).stale, 'the node to notice');
  expect(await count()).toMatchObject({ free: 38, held: 0, sold: 2 });
  const response = await send(node(hubs), 'seats:read', { eventId });
  const reply = (await response.json()) as SeatsReadReply;
  expect(reply.stale).toBe(true);
  expect(reply.seats.map(({ status }) => status).slice(0, 4)).toEqual(['free', 'sold', 'sold', 'free']);
  expect(response.headers.get('etag')).toMatch(/-stale"$/);
  const compact = await send(node(hubs), 'seats:read', { eventId, format: 'compact' });
  expect((await compact.text()).split(' ')[2]).toBe('stale');
  // Who holds nothing yet cannot book, and is told so at once.
  const ask = { eventId, seats: [3], requestId: requestId() };
  await expectRefused(node(hubs), 'bookings:book', ask, user, 'try-later');
  await redis.start();
  await until(async () => !(await count()).stale, 'the map to be fresh again');
  expect(await count()).toMatchObject({ free: 38, held: 0, sold: 2 });
  const { booking } = await call(node(hubs), 'bookings:book', ask, user);
  expect(booking.seats.map(({ seat }) => seat)).toEqual([3]);
}, 60_000);
