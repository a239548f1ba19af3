import { afterEach, expect, test } from 'vitest';
import type { RequestFailed } from '../../src/client/client.ts';
import { startHub } from '../../src/hub.ts';
import { makeLogger } from '../../src/log.ts';
import { lettersOf, requestId, type TestClient, until } from '../support/client.ts';
import { startTestHubs, testKeys } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

/** How long Redis is away in the long outage; `.ci/run` makes it two minutes. */
const outageMs = Number(process.env.OUTAGE_S ?? 12) * 1000;

const redis = await ownRedis();
const hubs = await startTestHubs(2, { redisTimeoutMs: 500 }, { redisUrl: redis.url });

interface Scene {
  eventId: string;
  seller: TestClient;
  holder: TestClient;
  holdId: string;
  watcher: TestClient;
}

/** Seat 0 is sold, seats 1 and 2 are held, a viewer on the other node watches. */
async function scene(): Promise<Scene> {
  const eventId = await hubs.event();
  const [ada, bob] = await hubs.users(2);
  const seller = await hubs.connect(ada);
  const holder = await hubs.connect(bob, 1);
  const watcher = await hubs.connect(undefined, 1);
  const map = await watcher.watching(eventId);
  const sold = await seller.hold(eventId, [0]);
  await seller.confirm(eventId, sold.holdId);
  const { holdId } = await holder.hold(eventId, [1, 2]);
  await until(() => lettersOf(map).startsWith('shhf'), 'the scene to be seen');
  return { eventId, seller, holder, holdId, watcher };
}

// A test that fails half-way must not take the next ones with it.
afterEach(async () => {
  await redis.revive();
  await recovered();
});

const recovered = () =>
  until(() => hubs.nodes.every((hub) => hub.links.available), 'both nodes to have Redis back');

test('[MAP-3] Redis killed and started again: a new epoch, sold and held seats are still there', async () => {
  const { eventId, holder, holdId, watcher } = await scene();
  const map = watcher.watch(eventId);
  const { epoch } = map.replica;
  // Redis syncs its file every second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await redis.kill();
  await until(() => !map.fresh, 'the viewer to be told that the map is stale');
  expect(lettersOf(map).startsWith('shhf')).toBe(true);
  await redis.start();
  await until(() => map.fresh && map.replica.epoch !== epoch, 'the rebuilt map');
  expect(lettersOf(map)).toBe(`shh${'f'.repeat(37)}`);
  const booking = await holder.confirm(eventId, holdId);
  expect(booking.seats.map(({ seat }) => seat)).toEqual([1, 2]);
  await until(() => lettersOf(map).startsWith('sssf'), 'the sale');
}, 40_000);

test('[MAP-3] Redis lost and empty: sold seats are back before anything can be held', async () => {
  const { eventId, seller, holder, holdId, watcher } = await scene();
  const map = watcher.watch(eventId);
  const { epoch } = map.replica;
  await redis.kill();
  redis.wipe();
  await redis.start();
  await recovered();
  await seller.expectDenied('seats:hold', { eventId, seats: [0], requestId: requestId() }, 'seats-taken');
  await until(() => map.fresh && map.replica.epoch !== epoch, 'the rebuilt map');
  expect(lettersOf(map)).toBe(`s${'f'.repeat(39)}`);
  await holder.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'hold-not-found',
  );
}, 40_000);

test('[MAP-3] FLUSHALL under the feet of a running hub', async () => {
  const { eventId, seller, watcher } = await scene();
  const map = watcher.watch(eventId);
  const { epoch } = map.replica;
  await hubs.nodes[0]?.links.commands.flushall();
  await until(() => map.replica.epoch !== epoch, 'the rebuilt map');
  expect(lettersOf(map)).toBe(`s${'f'.repeat(39)}`);
  await seller.expectDenied('seats:hold', { eventId, seats: [0], requestId: requestId() }, 'seats-taken');
}, 40_000);

test(
  `[GUARD-6] Redis away for ${outageMs / 1000} s: no node ends, holds are refused at once, all is right afterwards`,
  async () => {
    const { eventId, seller, holder, holdId, watcher } = await scene();
    const map = watcher.watch(eventId);
    const ends: unknown[] = [];
    const note = (error: unknown) => ends.push(error);
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await redis.kill();
    const end = Date.now() + outageMs;
    while (Date.now() < end) {
      for (const client of [seller, holder]) {
        const asked = performance.now();
        const error = await client
          .request('seats:hold', { eventId, seats: [9], requestId: requestId() })
          .catch((reason: unknown) => reason);
        expect((error as RequestFailed).code).toBe('try-later');
        expect(performance.now() - asked).toBeLessThan(3000);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    // Who comes now sees what PostgreSQL knows, and is told that it may be stale.
    const late = await hubs.connect();
    const reply = await late.request('seats:watch', { eventId: await hubs.event() });
    expect(reply.stale).toBe(true);
    await redis.start();
    await until(() => map.fresh, 'the map to be fresh again', 15_000);
    expect(lettersOf(map)).toBe(`shh${'f'.repeat(37)}`);
    await holder.confirm(eventId, holdId);
    await until(() => lettersOf(map).startsWith('sssf'), 'the sale');
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
    expect(ends).toEqual([]);
  },
  outageMs + 60_000,
);

test('[MAP-4] while Redis is away the map is shown as stale, with what is sold', async () => {
  const { eventId } = await scene();
  await redis.kill();
  await until(() => hubs.nodes.every((hub) => !hub.links.available), 'both nodes to notice');
  const fresh = await hubs.connect(undefined, 0);
  const reply = await fresh.request('seats:watch', { eventId });
  expect(reply.stale).toBe(true);
  const map = fresh.watch(eventId);
  await until(() => map.replica.seats.length > 0, 'a map');
  expect(lettersOf(map).startsWith('s')).toBe(true);
  expect(map.fresh).toBe(false);
  await redis.start();
  await until(() => map.fresh, 'the map to be fresh again', 15_000);
}, 40_000);

test('[MAP-4] Redis that is frozen but keeps its connections is noticed', async () => {
  const { eventId } = await scene();
  const map = (await hubs.connect()).watch(eventId);
  await until(() => map.fresh, 'the map');
  redis.freeze();
  await until(() => !map.fresh, 'the viewer to be told that the map is stale', 8000);
  await until(() => hubs.nodes.every((hub) => !hub.links.available), 'both nodes to notice');
  redis.thaw();
  await until(() => map.fresh, 'the map to be fresh again', 15_000);
}, 40_000);

test('[MAP-5] a short outage does not take the buyer their holds away', async () => {
  const { eventId, holder, holdId } = await scene();
  const map = await holder.watching(eventId);
  redis.freeze();
  await until(() => !map.fresh, 'the viewer to be told that the map is stale', 8000);
  holder.socket?.io.engine.close();
  await until(() => holder.state !== 'connected', 'the loss');
  redis.thaw();
  await until(() => map.fresh, 'the map to be fresh again', 15_000);
  await until(() => map.holds.some((hold) => hold.holdId === holdId), 'the hold to be there');
}, 40_000);

test('[HOLD-6] Redis frozen for 3 s: the client asks again with the same request id and holds once', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [5]);
  redis.freeze();
  setTimeout(() => redis.thaw(), 3000);
  const hold = await buyer.hold(eventId, [6, 7]);
  expect(hold.seats).toEqual([6, 7]);
  const again = await (await hubs.connect()).watching(eventId);
  expect(lettersOf(again)).toBe(`fffffhhh${'f'.repeat(32)}`);
}, 40_000);

test('[GUARD-6] a hub that starts before Redis waits for it', async () => {
  await redis.kill();
  const lines: string[] = [];
  const log = makeLogger('silent', false, 'late');
  log.warn = ((...args: unknown[]) => lines.push(String(args.at(-1)))) as never;
  const { config, databaseUrl, redisUrl } = hubs;
  let started = false;
  const starting = startHub({ config, databaseUrl, redisUrl, jwtKeys: testKeys, log }).then((hub) => {
    started = true;
    return hub;
  });
  await until(() => lines.some((line) => line.includes('Waiting for Redis (REDIS_URL)')), 'the message');
  expect(started).toBe(false);
  await redis.start();
  const hub = await starting;
  await hub.stop();
}, 90_000);
