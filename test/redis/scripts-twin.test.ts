/**
 * The twin of the scripts (`twin.ts`), on which the simulation rests, against the real ones: random calls, the
 * same replies, and the same keys afterwards. Time is played: the scripts read it from a key here instead of
 * TIME, which is the only thing about them that is changed. TWIN_RUNS sets how many lists of calls.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { makeKeys } from '../../src/redis/keys.ts';
import { stepKinds } from '../../src/redis/waitlist-steps.ts';
import { seed } from '../support/seed.ts';
import { redis } from './event.ts';
import { Twin } from './twin.ts';
import { args, list, Picks, picks } from './twin-calls.ts';
import { buyerText, holdText } from './twin-mending.ts';
import { runTwin, twinScripts } from './twin-scripts.ts';
import { classOf, entryText, queueOf } from './twin-waitlist.ts';

const folder = new URL('../../src/redis/scripts/', import.meta.url);
const clockKey = `test-twin-${randomBytes(6).toString('hex')}:clock`;
const runs = Number(process.env.TWIN_RUNS || 2000);

/** The scripts that work on an event, with a clock that can be set. */
const sources = new Map<string, { source: string; sha: string }>();
for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
  const module: Record<string, unknown> = await import(new URL(file, folder).href);
  for (const each of Object.values(module)) {
    const { name, source } = (each ?? {}) as { name?: string; source?: string };
    if (typeof source !== 'string' || !source.includes("redis.call('TIME')")) continue;
    const played = source.replaceAll(
      "redis.call('TIME')",
      `redis.call('MGET', '${clockKey}:s', '${clockKey}:us')`,
    );
    sources.set(name ?? '', { source: played, sha: createHash('sha1').update(played).digest('hex') });
  }
}

type Command = [name: string, ...args: (string | number)[]];

/** Where the order of a hash shows, it is not part of the promise. */
const sorted = (list: string) => list.split(',').sort().join(',');
const tickOf = (text: unknown) =>
  String(text)
    .match(/\d+[a-z]/g)
    ?.sort();
function normal(name: string, reply: unknown): unknown {
  const [status, epoch, position, tick, dueMs, lapsed, unsettled, fields, now, steps] = reply as unknown[];
  if (name === 'load-event') return [status, epoch];
  const [from, to, text] = tick as unknown[];
  let read: unknown = fields;
  if (name === 'read-ticks') read = (fields as unknown[]).map(tickOf);
  if (name === 'look-at-event') read = [...(fields as string[])].sort();
  const told = (steps as string[] | undefined)?.toSorted();
  return [status, epoch, position, [from, to, tickOf(text)], dueMs, lapsed, unsettled, read, now, told];
}

const byName = (record: Record<string, string>) => Object.entries(record).sort();
const kept = (entries: [string, string][]) =>
  entries.map(([key, value]) => [key, key.startsWith('cancelled:') ? sorted(value) : value]).sort();

function dumpTwin(twin: Twin): unknown {
  const meta = Object.entries({ ...twin.meta }).filter(([, value]) => value !== undefined);
  return {
    seats: twin.seats.join(''),
    holds: [...twin.holds.values()].map((hold) => [hold.id, holdText(hold)]).sort(),
    expiry: [...twin.expiry].map(([id, due]) => [id, String(due)]).sort(),
    meta: meta.map(([field, value]) => [field, String(value)]).sort(),
    dirty: [...twin.dirty].map(([seat, state]) => [String(seat), state]).sort(),
    log: twin.log.map(({ from, to, seats }) => [`${to}-0`, String(from), tickOf(seats)]),
    replies: kept([...twin.replies]),
    earlier: kept([...twin.earlier]),
    buyers: [...twin.buyers].map(([owner, buyer]) => [owner, buyerText(buyer)]).sort(),
    queue: queueOf(twin).map(({ id, order }) => [id, String(order)]),
    classes: queueOf(twin)
      .map((entry) => `${classOf(entry)}${String(entry.order).padStart(16, '0')}:${entry.id}`)
      .sort(),
    entries: [...twin.entries.values()].map((entry) => [entry.id, entryText(entry)]).sort(),
    offers: [...twin.offers].sort(),
    layout: [...twin.layout].sort(),
    unrecorded: [...twin.unrecorded].sort(),
  };
}

async function dumpRedis(keys: string[]): Promise<unknown> {
  const [seats, holds, expiry, meta, dirty, log, replies, earlier, buyers, ...more] = keys as [
    string,
    ...string[],
  ];
  const [queue = '', classes = '', entries, offers, layout, unrecorded] = more;
  const order = await redis.zrange(queue, '0', '-1', 'WITHSCORES');
  const hash = async (key = '') => byName(await redis.hgetall(key));
  const scores = await redis.zrange(expiry ?? '', '0', '-1', 'WITHSCORES');
  return {
    seats: (await redis.get(seats)) ?? '',
    holds: await hash(holds),
    expiry: scores.flatMap((id, at) => (at % 2 === 0 ? [[id, scores[at + 1]]] : [])).sort(),
    meta: await hash(meta),
    dirty: await hash(dirty),
    log: (await redis.xrange(log ?? '', '-', '+')).map(([id, [, from, , text]]) => [id, from, tickOf(text)]),
    replies: kept((await hash(replies)) as [string, string][]),
    earlier: kept((await hash(earlier)) as [string, string][]),
    buyers: await hash(buyers),
    queue: order.flatMap((id, at) => (at % 2 === 0 ? [[id, order[at + 1]]] : [])),
    classes: await redis.zrange(classes, '0', '-1'),
    entries: await hash(entries),
    offers: await hash(offers),
    layout: await hash(layout),
    unrecorded: await hash(unrecorded),
  };
}

/** Runs them at once. Whoever empties the scripts of this Redis meanwhile only makes it begin again. */
async function execute(commands: Command[], keys: string[]): Promise<unknown[][]> {
  for (;;) {
    const results = (await redis.pipeline(commands).exec()) ?? [];
    const error = results.find(([error]) => error)?.[0];
    if (!error) return results.flatMap(([, reply]) => (Array.isArray(reply) ? [reply] : []));
    if (!error.message.startsWith('NOSCRIPT')) throw error;
    await redis.unlink(...keys);
    for (const { source } of sources.values()) await redis.script('LOAD', source);
  }
}

test('the twin of the scripts answers as the real ones, and leaves the same', async () => {
  const keysOf = makeKeys(clockKey);
  onTestFinished(async () => {
    await redis.unlink(`${clockKey}:s`, `${clockKey}:us`);
  });
  let events = 0;
  const statuses = new Map<string, number>();
  const kinds = new Set<string | undefined>();
  await fc.assert(
    fc.asyncProperty(picks, list, async (first, drafts) => {
      const keys = keysOf.event(`event-${++events}`);
      const twin = new Twin();
      let now = 1_800_000_000_123;
      let life = 1;
      const expected: unknown[] = [];
      const asked: string[] = [];
      const commands: Command[] = [];
      for (const { name, picks, afterMs } of [{ name: 'load-event', picks: first, afterMs: 0 }, ...drafts]) {
        now += afterMs;
        if (name === 'rebuild') {
          if (picks[0] === undefined || picks[0] % 4 > 0) continue;
          if (twin.meta) twin.meta.run = undefined;
          commands.push(['hdel', keys[3] as string, 'run']);
          continue;
        }
        const chosen = new Picks(picks, twin);
        // Most loads come with a Redis that has restarted; the others find the map there.
        if (name === 'load-event' && chosen.number(4) > 0) life++;
        const all = [`run-${life}`, ...(args[name]?.(chosen) ?? []).map(String)];
        const seconds = Math.floor(now / 1000);
        commands.push(['mset', `${clockKey}:s`, seconds, `${clockKey}:us`, (now % 1000) * 1000]);
        // A hold can be tried ten times.
        const times = name === 'begin-confirm' && chosen.number(10) === 0 ? 11 : 1;
        for (let time = 0; time < times; time++) {
          asked.push(`${name} ${all.join(' ')} after ${afterMs} ms`);
          expected.push(normal(name, runTwin(twin, name, all, now)));
          commands.push(['evalsha', sources.get(name)?.sha ?? '', keys.length, ...keys, ...all]);
        }
      }
      const replies = await execute(commands, keys);
      for (const reply of replies) {
        const status = String(reply[0]);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        for (const [at, text] of ((reply[9] as string[] | undefined) ?? []).entries())
          if (at % 2 === 1) kinds.add(text.split('|')[0]);
      }
      for (const [at, reply] of replies.entries()) {
        const name = asked[at]?.split(' ')[0] ?? '';
        const got = normal(name, reply);
        // Comparing as text is quick; the difference is told by what is slow.
        if (JSON.stringify(got) !== JSON.stringify(expected[at])) {
          expect(got, `call ${at}, ${asked[at]}`).toEqual(expected[at]);
        }
      }
      expect(await dumpRedis(keys)).toEqual(dumpTwin(twin));
      await redis.unlink(...keys);
    }),
    { seed, numRuns: runs },
  );
  // Every word that a script may answer was answered, but for `more`, which takes a hundred holds.
  const words = [...sources.values()].flatMap(({ source }) => source.match(/finish\('([a-z-]+)'/g) ?? []);
  for (const word of words)
    if (word !== "finish('more'") expect(statuses.get(word.slice(8, -1)) ?? 0, word).toBeGreaterThan(0);
  for (const kind of stepKinds) expect(kinds, kind).toContain(kind);
}, 600_000);

test('every script that works on an event has its twin', () => {
  expect([...sources.keys()].sort()).toEqual([...Object.keys(twinScripts), 'load-event'].sort());
});
