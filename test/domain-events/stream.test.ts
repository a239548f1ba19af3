/** The stream itself: once and in order, whoever appends and dies, and whatever Redis loses. */
import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { forgetDomainEvents, recordDomainEvents } from '../../src/database/domain-event-statements.ts';
import { call, node, organizerOf } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs, type TestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';
import { seed } from '../support/seed.ts';
import { type Entry, entriesOf, note, streamOf, untilPublished } from './support.ts';

const hubs = await startTestHubs(3);

const numbersOf = (entries: readonly Entry[]) => entries.map(({ event }) => Number(event.sequence));
const countTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** What is recorded, in its order. */
const recorded = (of: TestHubs) =>
  of.sql<{ position: string; id: string; subject: string; n: number }>(
    "select ms || '-' || seq as position, id, subject, (data ->> 'n')::integer as n from domain_events order by ms, seq",
  );

test('[STREAM-2] many who change things at once, three nodes that append: each is there once, in its order', async () => {
  const before = (await recorded(hubs)).length;
  const things = ['a', 'b', 'c', 'd', 'e'];
  const rounds = Array.from({ length: 60 }, (_, n) => note(hubs, [...things, String(n)]));
  await Promise.all(rounds);
  const entries = await untilPublished(hubs);
  const rows = await recorded(hubs);
  expect(rows).toHaveLength(before + 360);
  expect(entries.map(({ position, event }) => ({ position, id: event.id }))).toEqual(
    rows.map(({ position, id }) => ({ position, id })),
  );
  expect(numbersOf(entries)).toEqual(countTo(rows.length));
});

test('[STREAM-2] a transaction that commits late is neither passed over nor waited for', async () => {
  const client = new pg.Client({ connectionString: hubs.databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(
    "insert into domain_changes (type, subject, data) values ('test.noted.v1', 'late', '{}')",
  );
  await note(hubs, ['early']);
  const before = await untilPublished(hubs);
  expect(before.at(-1)?.event.subject).toBe('early');
  await client.query('commit');
  await client.end();
  const after = await untilPublished(hubs);
  expect(after.slice(0, -1)).toEqual(before);
  expect(after.at(-1)?.event.subject).toBe('late');
});

/** Somebody who changes one thing after the other; a change that is undone has a negative number. */
const writer = fc.array(
  fc.record({ thing: fc.constantFrom('x', 'y', 'z'), isUndone: fc.boolean(), more: fc.nat(2) }),
  { minLength: 1, maxLength: 8 },
);

test('[STREAM-2] whatever transactions there are at once, and however few are recorded at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(writer, { minLength: 2, maxLength: 4 }), fc.nat(6), async (writers, few) => {
      await untilPublished(hubs);
      const [{ from } = { from: 0 }] = await hubs.sql<{ from: number }>(
        'select seq::float8 as from from domain_event_head',
      );
      const made: { subject: string; n: number }[] = [];
      let count = 0;
      let isDone = false;
      const writing = Promise.all(
        writers.map(async (changes) => {
          const client = new pg.Client({ connectionString: hubs.databaseUrl });
          await client.connect();
          for (const { thing, isUndone, more } of changes) {
            await client.query('begin');
            // As the row of a booking is locked by whoever changes it.
            await client.query('select pg_advisory_xact_lock(hashtext($1))', [thing]);
            const numbers = Array.from({ length: more + 1 }, () => ++count);
            for (const n of numbers) {
              await client.query(
                "insert into domain_changes (type, subject, data) values ('test.noted.v1', $1, jsonb_build_object('n', $2::integer))",
                [thing, n],
              );
            }
            if (!isUndone) made.push(...numbers.map((n) => ({ subject: thing, n })));
            await client.query(isUndone ? 'rollback' : 'commit');
          }
          await client.end();
        }),
      ).finally(() => {
        isDone = true;
      });
      const recording = [1, 2].map(async (which) => {
        const { db } = node(hubs, which).engine;
        while (!isDone) await db.run(recordDomainEvents, few + which);
      });
      await Promise.all([writing, ...recording]);
      await untilPublished(hubs);
      const rows = (await recorded(hubs)).slice(from).map(({ subject, n }) => ({ subject, n }));
      const sorted = (list: typeof made) => list.toSorted((a, b) => a.n - b.n);
      expect(sorted(rows)).toEqual(sorted(made));
      for (const thing of ['x', 'y', 'z']) {
        const ofThing = (list: typeof made) => list.filter(({ subject }) => subject === thing);
        expect(ofThing(rows)).toEqual(ofThing(made));
      }
    }),
    { seed, numRuns: Number(process.env.STREAM_RUNS ?? 15), endOnFailure: true },
  );
}, 120_000);

test('[STREAM-2] what another node has recorded and not appended is appended', async () => {
  const own = await startTestHubs(2);
  await node(own, 0).engine.eventStream.stop();
  await note(own, ['one', 'two']);
  await until(async () => {
    // A node that dies over it.
    const [row] = await node(own, 0).engine.db.run(recordDomainEvents, 100);
    return row?.position.endsWith('-2') ?? false;
  }, 'both to be recorded');
  const entries = await untilPublished(own);
  expect(entries.map(({ event }) => event.subject)).toEqual(['one', 'two']);
});

test('[STREAM-3] while Redis is away changes are made and wait; what it has lost comes again under the same ids', async () => {
  const redis = await ownRedis();
  const own = await startTestHubs(
    2,
    { redisTimeoutMs: 500, allowedOrigins: ['https://tickets.example'] },
    { redisUrl: redis.url },
  );
  const eventId = await own.event();
  const organizer = await organizerOf(own, eventId);
  const rename = (title: string) => call(node(own), 'events:update', { eventId, title }, organizer);
  const titlesOf = (entries: readonly Entry[]) =>
    entries.map(({ event }) => (event.data.event as { title: string }).title);
  await rename('One');
  await untilPublished(own);

  await redis.kill();
  await rename('Two');
  await rename('Three');
  await until(async () => (await recorded(own)).length === 4, 'the changes to be recorded');
  await redis.start();
  const all = await untilPublished(own);
  expect(titlesOf(all)).toEqual(['Test event', 'One', 'Two', 'Three']);

  // All of it.
  await redis.kill();
  redis.wipe();
  await redis.start();
  expect(await untilPublished(own)).toEqual(all);

  // Its last moments: the stream ends earlier, and so does what it believes to have given out.
  const { redis: client, key } = streamOf(own);
  await client
    .multi()
    .xdel(key, ...all.slice(2).map(({ position }) => position))
    .call('XSETID', key, all[1]?.position ?? '')
    .exec();
  expect(await untilPublished(own)).toEqual(all);
  const lost = own.nodes.map(({ engine }) => engine.eventStream.counts.repeated);
  expect(lost.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(1);
}, 90_000);

test('[STREAM-6] the stream keeps about as many as it may', async () => {
  const own = await startTestHubs(1, { stream: { keptMs: 86_400_000, length: 100 } });
  for (let i = 0; i < 6; i++)
    await note(
      own,
      Array.from({ length: 100 }, (_, n) => `${i}-${n}`),
    );
  await until(async () => (await recorded(own)).length === 600, 'all to be recorded');
  // What is appended trims what was there before.
  await untilPublished(own);
  await note(own, ['the last']);
  const entries = await untilPublished(own);
  expect(entries.length).toBeGreaterThanOrEqual(100);
  expect(entries.length).toBeLessThan(400);
  const last = numbersOf(entries);
  expect(last.at(-1)).toBe(601);
  expect(last).toEqual(countTo(601).slice(-last.length));
});

test('[STREAM-6] what is too old leaves the stream and the record, and does not come back', async () => {
  const keptMs = 86_400_000;
  const own = await startTestHubs(1, { stream: { keptMs, length: 100_000 } });
  const { db } = node(own).engine;
  const old = Date.now() - keptMs - 60_000;
  // As it was when these happened, and were appended.
  await own.sql(
    `insert into domain_events (ms, seq, id, type, subject, at, data)
     select $1, seq, gen_random_uuid(), 'test.noted.v1', 'old', now(), '{}' from generate_series(1, 300) as seq`,
    [old],
  );
  await own.sql('update domain_event_head set ms = $1, seq = 300', [old]);
  await note(own, ['new']);
  const entries = await untilPublished(own);
  expect(entries.map(({ event }) => event.subject)).toEqual(['new']);

  // On a stream that has them they go, in whole nodes.
  await node(own).engine.eventStream.stop();
  const { redis, key } = streamOf(own);
  await redis.del(key);
  for (let seq = 1; seq <= 300; seq++) await redis.xadd(key, `${old}-${seq}`, 'type', 'old', 'event', '{}');
  await own.addNode();
  await note(own, ['newer']);
  await until(async () => (await entriesOf(own)).at(-1)?.event.subject === 'newer', 'the newest event');
  expect(await redis.xlen(key)).toBeLessThan(150);

  expect(await db.run(forgetDomainEvents, Date.now() - keptMs, 200)).toEqual([{ forgotten: 200 }]);
  expect(await db.run(forgetDomainEvents, Date.now() - keptMs, 200)).toEqual([{ forgotten: 100 }]);
  expect((await recorded(own)).map(({ subject }) => subject)).toEqual(['new', 'newer']);
});

test('/metrics says what was recorded and appended', async () => {
  await untilPublished(hubs);
  const [rows] = await hubs.sql<{ count: number }>('select count(*)::integer as count from domain_events');
  const texts = await Promise.all(hubs.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const sum = (step: string) =>
    texts.reduce(
      (total, text) =>
        total +
        Number(new RegExp(`^seatcast_domain_events_total\\{step="${step}"\\} (\\d+)$`, 'm').exec(text)?.[1]),
      0,
    );
  expect(sum('recorded')).toBeGreaterThan(0);
  expect(sum('appended')).toBe(rows?.count);
  for (const text of texts) expect(text).toMatch(/^seatcast_stream_lag_seconds [\d.]+$/m);
});
