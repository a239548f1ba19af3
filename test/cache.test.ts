/** Answers that are kept for everybody: read once, never older than what one knows to be changed. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { Cache, type CacheTimes } from '../src/cache.ts';
import type { Hub } from '../src/hub.ts';
import { makeLogger } from '../src/log.ts';
import { call, expectRefused, node, organizerOf } from './channels/support.ts';
import { requestId, until } from './support/client.ts';
import { startTestHubs } from './support/hub.ts';
import { ownRedis } from './support/redis.ts';

const redis = await ownRedis();
const hubs = await startTestHubs(2, { redisTimeoutMs: 1000 }, { redisUrl: redis.url });
const [one, two] = hubs.nodes as [Hub, Hub];
const log = makeLogger('silent', false, 'cache');
/** One for each node, past their first look, which trusts nothing of before. */
async function caches(times?: CacheTimes): Promise<[Cache, Cache]> {
  const made = hubs.nodes.map(
    ({ links, keys }) => new Cache({ links, keys, log, ...(times ? { times } : {}) }),
  );
  for (const cache of made) await cache.read('first look', '', async () => ({ value: 1, keep: false }));
  return made as [Cache, Cache];
}

const keysOfCache = async (): Promise<string[]> => {
  const client = new Redis(redis.url);
  const keys = await client.keys(one.keys.cached('*').replace(/[{}]/g, '?'));
  client.disconnect();
  return keys;
};
const withRedis = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(redis.url);
  return work(client).finally(() => client.disconnect());
};
/** What was changed until now: the outbox says it to every node, and gives it a new generation. */
const everyNodeTold = () =>
  until(
    async () => (await hubs.sql('select from outbox where sent_at is null')).length === 0,
    'every node to have heard of every change',
  );
const organizerAndEvent = async () => {
  const eventId = await hubs.event();
  return { eventId, organizer: await organizerOf(hubs, eventId) };
};

test('[CACHE-1] two hundred who ask at once for what nobody has, on two nodes, cause one query', async () => {
  const [first, second] = await caches();
  let loads = 0;
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const load = async () => {
    loads++;
    await gate;
    return { value: { n: 7 }, keep: true };
  };
  const readers = Array.from({ length: 200 }, (_, i) => (i % 2 ? first : second).read('herd', 'x', load));
  await until(() => loads === 1, 'the first to read');
  go();
  expect(await Promise.all(readers)).toEqual(Array.from({ length: 200 }, () => ({ n: 7 })));
  expect(loads).toBe(1);
  expect(first.counts.shared + second.counts.shared).toBe(198);
  expect(first.counts.waited + second.counts.waited).toBe(1);
  expect(await first.read('herd', 'x', load)).toEqual({ n: 7 });
  expect(first.counts.hits).toBe(1);
});

test('[CACHE-1] an answer that is still there is one object that nobody can change, until it has changed', async () => {
  const [first, second] = await caches();
  const load = (n: number) => async () => ({ value: { n }, keep: true });
  await first.read('same', 'x', load(1));
  const read = await second.read('same', 'x', load(2));
  expect(read).toEqual({ n: 1 });
  expect(await second.read('same', 'x', load(2))).toBe(read);
  expect(() => Object.assign(read, { n: 3 })).toThrow(TypeError);
  await first.changed('same');
  await second.read('same', 'x', load(2));
  expect(await second.read('same', 'x', load(3))).toEqual({ n: 2 });
});

test('[CACHE-1] over HTTP, a cold list is one query of one node', async () => {
  await hubs.event();
  // The first look of a node makes all it finds old, also what the other one is reading.
  for (const hub of hubs.nodes) await call(hub, 'events:list', { limit: 36 });
  await everyNodeTold();
  const before = hubs.nodes.map(({ engine }) => engine.cache.counts.misses);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => call(i % 2 ? one : two, 'events:list', { limit: 37 })),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  const misses = hubs.nodes.map(({ engine }, i) => engine.cache.counts.misses - (before[i] ?? 0));
  expect(misses.reduce((a, b) => a + b)).toBe(1);
});

test('[CACHE-2] whoever was answered reads their own change, on every node, also while others read', async () => {
  const { eventId, organizer } = await organizerAndEvent();
  let isOver = false;
  const crowd = Array.from({ length: 4 }, async (_, i) => {
    while (!isOver) await call(node(hubs, i % 2), 'events:read', { eventId });
  });
  for (let n = 0; n < 12; n++) {
    const title = `Title ${n}`;
    await call(node(hubs, n % 2), 'events:update', { eventId, title }, organizer);
    for (const hub of hubs.nodes) {
      expect((await call(hub, 'events:read', { eventId })).title).toBe(title);
      const { events } = await call(hub, 'events:list', { limit: 100 });
      expect(events.find(({ id }) => id === eventId)?.title).toBe(title);
    }
  }
  isOver = true;
  await Promise.all(crowd);
});

test('[CACHE-2] in any order of reads, writes and losses of Redis nobody misses what they know to be written', async () => {
  const both = await caches({ keptMs: 2000, freshMs: 5, lockMs: 300 });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const act = fc.record({
    kind: fc.constantFrom('read', 'read', 'read', 'write', 'lose'),
    on: fc.nat(1),
    startMs: fc.nat(12),
    beforeMs: fc.nat(4),
    afterMs: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 24 }), async (acts) => {
      const group = requestId();
      let committed = 0;
      let known = 0;
      await Promise.all(
        acts.map(async ({ kind, on, startMs, beforeMs, afterMs }) => {
          await pause(startMs);
          if (kind === 'lose') return void (await withRedis((client) => client.flushall()));
          if (kind === 'write') {
            await pause(beforeMs);
            const mine = ++committed;
            await pause(afterMs);
            expect(await (both[on] ?? both[0]).changed(group)).toBe(true);
            known = Math.max(known, mine);
            return;
          }
          const atLeast = known;
          const got = await (both[on] ?? both[0]).read(group, 'x', async () => {
            await pause(beforeMs);
            const value = committed;
            await pause(afterMs);
            return { value, keep: true };
          });
          expect(got).toBeGreaterThanOrEqual(atLeast);
        }),
      );
    }),
    { numRuns: 60 },
  );
});

test('[CACHE-3] while Redis is away PostgreSQL answers, and what was changed meanwhile is seen afterwards', async () => {
  const { eventId, organizer } = await organizerAndEvent();
  for (const hub of hubs.nodes) await call(hub, 'events:read', { eventId });
  await redis.kill();
  await until(() => hubs.nodes.every(({ links }) => !links.available), 'Redis to be missed');
  const before = two.engine.cache.counts.bypassed;
  expect((await call(two, 'events:read', { eventId })).title).toBe('Test event');
  expect(two.engine.cache.counts.bypassed).toBe(before + 1);
  // Past the hub, as a node does that has lost everything but PostgreSQL.
  await hubs.sql("update events set title = 'Changed meanwhile' where id = $1", [eventId]);
  await redis.revive();
  await until(() => hubs.nodes.every(({ links }) => links.available), 'Redis to be back');
  for (const hub of hubs.nodes) {
    expect((await call(hub, 'events:read', { eventId })).title).toBe('Changed meanwhile');
  }
  await call(one, 'events:update', { eventId, title: 'And again' }, organizer);
  expect((await call(two, 'events:read', { eventId })).title).toBe('And again');
});

test('[CACHE-3] a change whose node died after the commit reaches every node through the outbox', async () => {
  const { eventId } = await organizerAndEvent();
  for (const hub of hubs.nodes) await call(hub, 'events:read', { eventId });
  await hubs.sql("update events set title = 'Nobody was told' where id = $1", [eventId]);
  for (const hub of hubs.nodes) {
    await until(
      async () => (await call(hub, 'events:read', { eventId })).title === 'Nobody was told',
      'the title',
    );
  }
});

test('[CACHE-2] a server that took over, or began anew, has nothing that is used', async () => {
  const { links, keys } = one;
  let run = 'first';
  const ofCluster = {
    commands: links.commands,
    available: true,
    canReach: () => true,
    home: () => ({ redis: links.masters[0], run }),
  } as unknown as typeof links;
  const cache = new Cache({ links: ofCluster, keys, log });
  const group = requestId();
  const read = (value: number) => cache.read(group, '', async () => ({ value, keep: true }));
  expect([await read(1), await read(2)]).toEqual([1, 1]);
  run = 'second';
  expect([await read(3), await read(4)]).toEqual([3, 3]);
});

test('[CACHE-4] what is private is never kept, and what is kept is bounded', async () => {
  const draft = await hubs.event({ publish: false });
  const owner = await organizerOf(hubs, draft);
  const secret = `Secret ${requestId()}`;
  await call(one, 'events:update', { eventId: draft, title: secret }, owner);
  expect((await call(one, 'events:read', { eventId: draft }, owner)).title).toBe(secret);
  await call(one, 'events:list', { mine: true }, owner);
  await call(one, 'events:list', {});
  const [first] = await caches();
  const long = 'x'.repeat(65 * 1024);
  expect(await first.read('long', '', async () => ({ value: long, keep: true }))).toBe(long);
  expect(first.counts.tooLarge).toBe(1);
  await withRedis(async (client) => {
    const keys = await keysOfCache();
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      expect(await client.pttl(key), key).toBeGreaterThan(0);
      const text = (await client.get(key)) ?? '';
      expect(text).not.toContain(secret);
      expect(text.length).toBeLessThan(65 * 1024);
    }
  });
});

test('[CACHE-4] what hardly anybody else asks for, or what there is none of, leaves nothing in Redis', async () => {
  await everyNodeTold();
  await withRedis((client) => client.flushall());
  await call(one, 'events:list', {});
  const before = (await keysOfCache()).sort();
  for (const request of [
    { q: 'concert' },
    { q: 'opera', hasFreeSeats: true },
    { priceMin: 7 },
    { priceMax: 7 },
    { from: '2027-01-01T00:00:00Z' },
    { to: '2027-01-01T00:00:00Z' },
    { tags: ['one', 'two'] },
    { fields: ['title' as const] },
    { fields: ['startsAt' as const] },
  ]) {
    await call(one, 'events:list', request);
  }
  for (let i = 0; i < 5; i++) {
    await expectRefused(one, 'events:read', { eventId: randomUUID() }, undefined, 'event-not-found');
  }
  expect((await keysOfCache()).sort()).toEqual(before);
});

test('[CACHE-4] a thousand answers of one group have a few hundred places', async () => {
  const [first] = await caches();
  const group = requestId();
  for (let i = 0; i < 1000; i++) {
    expect(await first.read(group, `${i}`, async () => ({ value: i, keep: true }))).toBe(i);
  }
  const keys = (await keysOfCache()).filter((key) => key.includes(`${group}:`));
  expect(keys.length).toBeGreaterThan(200);
  expect(keys.length).toBeLessThanOrEqual(256);
});

test('[CACHE-4] an answer that grows old is read anew by one, while the others still get it', async () => {
  const both = await caches({ keptMs: 60_000, freshMs: 0, lockMs: 5000 });
  let loads = 0;
  const load = async () => ({ value: ++loads, keep: true });
  const group = requestId();
  expect(await both[0].read(group, '', load)).toBe(1);
  await until(async () => (await both[1].read(group, '', load)) > 1, 'it to be read anew');
  expect(both[0].counts.early + both[1].counts.early).toBeGreaterThan(0);
  expect(both[0].counts.misses + both[1].counts.misses).toBe(3);
});

test('a cache that is off keeps nothing, and still tells the others of changes', async () => {
  const [on] = await caches();
  const off = new Cache({ links: two.links, keys: two.keys, log, isOff: true });
  let loads = 0;
  const load = async () => ({ value: ++loads, keep: true });
  const group = requestId();
  expect([await off.read(group, '', load), await off.read(group, '', load)]).toEqual([1, 2]);
  expect([await on.read(group, '', load), await on.read(group, '', load)]).toEqual([3, 3]);
  expect(await off.changed(group)).toBe(true);
  expect(await on.read(group, '', load)).toBe(4);
});

test('a query that fails is told to all who wait for it, and is asked again', async () => {
  const [first] = await caches();
  const group = requestId();
  let loads = 0;
  const load = async () => {
    loads++;
    if (loads === 1) throw new Error('PostgreSQL is away');
    return { value: loads, keep: true };
  };
  const three = await Promise.allSettled([1, 2, 3].map(() => first.read(group, '', load)));
  expect(three.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await first.read(group, '', load)).toBe(2);
});
