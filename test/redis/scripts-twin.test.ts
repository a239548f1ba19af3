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
import { redis } from './event.ts';
import { Twin } from './twin.ts';
import { buyerText, holdText } from './twin-mending.ts';
import { runTwin, twinScripts } from './twin-scripts.ts';

const folder = new URL('../../src/redis/scripts/', import.meta.url);
const clockKey = `test-twin-${randomBytes(6).toString('hex')}:clock`;
const runs = Number(process.env.TWIN_RUNS || 1000);

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

const owners = ['ada', 'bob'];
const onSaleUntil = '1900000000000';

/** Numbers, from which a call is made when the state it meets is known: so that most of them hit something. */
type Draft = { name: string; picks: number[]; afterMs: number };
class Picks {
  readonly #numbers: number[];
  readonly #twin: Twin;
  #at = 0;

  constructor(numbers: number[], twin: Twin) {
    this.#numbers = numbers;
    this.#twin = twin;
  }

  number(below: number): number {
    return (this.#numbers[this.#at++ % this.#numbers.length] ?? 0) % below;
  }

  of<T>(...list: T[]): T {
    return list[this.number(list.length)] as T;
  }

  hold(): { id: string; owner: string; seats: number[] } {
    const holds = [...this.#twin.holds.values()];
    const hold = holds[this.number(holds.length || 1)];
    if (!hold || this.number(12) === 0) return { id: 'no-such-hold', owner: 'ada', seats: [] };
    return { ...hold, owner: this.number(12) === 0 ? this.of(...owners) : hold.owner };
  }

  seats(from: number[]): number[] {
    const list = this.number(6) === 0 ? [0, 1, 2, 3, 4, 5, 6, 7, 8] : [...from];
    const count = 1 + this.number(3);
    const seats: number[] = [];
    while (seats.length < count && list.length > 0) seats.push(...list.splice(this.number(list.length), 1));
    return seats.length > 0 ? seats : [0];
  }

  free(): number[] {
    return this.#twin.seats.flatMap((state, seat) => (state === 'f' ? [seat] : []));
  }

  /** Those every map has. */
  known(some: number[]): number[] {
    return this.seats(some).filter((seat) => seat < this.#twin.seats.length);
  }

  /** Where the map stands, or nearly. */
  position(): number {
    return Math.max(0, (this.#twin.meta?.position ?? 0) - this.of(0, 0, 1, 2, 9));
  }

  state(seat: number): string {
    return this.#twin.seats[seat] ?? 'f';
  }

  buyer(owner: string): string {
    const kept = this.#twin.buyers.get(owner);
    return kept && this.number(3) > 0 ? buyerText(kept) : '';
  }

  standing(): string {
    return this.number(2) === 0 ? '' : `${this.#twin.meta?.epoch}:${this.position()}`;
  }

  /** Most are new. */
  request(): [id: string, fingerprint: string] {
    const id = this.number(4) === 0 ? `request-${this.number(3)}` : `request-${this.#twin.replies.size + 3}`;
    return [id, this.number(8) === 0 ? 'other' : 'print'];
  }
}

let holds = 0;
const args: Record<string, (picks: Picks) => unknown[]> = {
  'hold-seats': (p) => {
    const into = p.number(4) === 0 ? p.hold() : { id: '', owner: p.of(...owners) };
    return [into.owner, ...p.request(), `hold-${++holds}`, into.id, ...p.seats(p.free())];
  },
  'extend-hold': (p) => {
    const { id, owner } = p.hold();
    return [owner, ...p.request(), id];
  },
  'release-seats': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, ...p.request(), id, ...(p.number(2) === 0 ? [] : p.seats(seats))];
  },
  'begin-payment': (p) => {
    const { id, owner } = p.hold();
    return [owner, id, p.of(500, 5000)];
  },
  'begin-confirm': (p) => {
    const { id, owner } = p.hold();
    return [owner, id, p.of(1200, 50)];
  },
  'resume-hold': (p) => [p.hold().id, p.of('h', 'p')],
  'finish-confirm': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, id, `booking-${p.number(3)}`, ...(p.number(4) > 0 ? seats : p.known(seats))];
  },
  'abort-confirm': (p) => {
    const { id, seats } = p.hold();
    return [id, ...(p.number(3) > 0 ? [] : p.known(seats))];
  },
  'free-seats': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, `booking-${p.number(3)}`, id, ...p.known(p.number(2) === 0 ? seats : [0, 1, 2, 3])];
  },
  'look-at-event': (p) => [p.of('node-1', 'node-1', 'node-2'), p.of(1000, 15_000), p.standing()],
  'mend-buyer': (p) => {
    const owner = p.of(...owners);
    return [owner, p.buyer(owner), p.number(4)];
  },
  'mend-seats': (p) => {
    const seats = p.known([0, 1, 2, 3, 4, 5]).flatMap((seat) => {
      const because = p.of(['', ''], ['booking-0', ''], ['booking-1', ''], ['', p.hold().id]);
      return [seat, p.of(p.state(seat), p.state(seat), 's'), ...because];
    });
    return [p.of('epoch-1', 'epoch-1', 'epoch-2'), p.position(), ...seats];
  },
  'read-ticks': (p) => [p.of('epoch-1', 'epoch-2'), p.number(12)],
  'read-holds': (p) => [p.of(...owners)],
  'read-hold': (p) => [p.hold().id],
  'set-rules': (p) => [p.number(4) === 0 ? 0 : onSaleUntil],
  'load-event': (p) => [
    p.of('epoch-1', 'epoch-2'),
    p.of('ffffffff', 'ffffffff', 'fffsfb', 'fffffffs'),
    p.number(8) === 0 ? 0 : onSaleUntil,
    ...p.of(
      [2000, 4, 6, 1, 40, 'ada', 1, 'dan', 2],
      [2000, 3, 12, 2, 40],
      [900, 2, 6, 0, 7, 'bob', 4],
      [60_000, 4, 8, 3, 40],
    ),
  ],
};
const weights: Record<string, number> = { 'hold-seats': 16, 'begin-confirm': 10, 'resume-hold': 5 };
/** After these little is left. */
const rare = new Set(['close-event', 'set-rules', 'load-event', 'rebuild', 'abort-confirm']);
/** `rebuild` forgets the run id, as `Inventory.rebuild` does. */
const names = [...Object.keys(twinScripts), 'load-event', 'rebuild'];
const afterMs = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 7, 20, 39, 40, 41) },
  { weight: 2, arbitrary: fc.constantFrom(50, 51, 300, 900, 1200, 2001, 3000, -50) },
  { weight: 1, arbitrary: fc.constantFrom(-5000, 4_000, 90_000_000) },
);
const picks = fc.array(fc.nat(9999), { minLength: 12, maxLength: 12 });
const call: fc.Arbitrary<Draft> = fc.oneof(
  ...names.map((name) => ({
    weight: weights[name] ?? (rare.has(name) ? 1 : 4),
    arbitrary: fc.record({ name: fc.constant(name), picks, afterMs }),
  })),
);
const list = fc.array(call, { minLength: 10, maxLength: 60, size: 'max' });

/** Where the order of a hash shows, it is not part of the promise. */
const sorted = (list: string) => list.split(',').sort().join(',');
const tickOf = (text: unknown) =>
  String(text)
    .match(/\d+[a-z]/g)
    ?.sort();
function normal(name: string, reply: unknown): unknown {
  const [status, epoch, position, tick, dueMs, lapsed, unsettled, fields, now] = reply as unknown[];
  if (name === 'load-event') return [status, epoch];
  const [from, to, text] = tick as unknown[];
  let read: unknown = fields;
  if (name === 'read-ticks') read = (fields as unknown[]).map(tickOf);
  if (name === 'look-at-event') read = [...(fields as string[])].sort();
  return [status, epoch, position, [from, to, tickOf(text)], dueMs, lapsed, unsettled, read, now];
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
  };
}

async function dumpRedis(keys: string[]): Promise<unknown> {
  const [seats, holds, expiry, meta, dirty, log, replies, earlier, buyers] = keys as [string, ...string[]];
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
  };
}

test('the twin of the scripts answers as the real ones, and leaves the same', async () => {
  for (const { source } of sources.values()) await redis.script('LOAD', source);
  const keysOf = makeKeys(clockKey);
  onTestFinished(async () => {
    await redis.unlink(`${clockKey}:s`, `${clockKey}:us`);
  });
  let events = 0;
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(picks, list, async (first, drafts) => {
      const keys = keysOf.event(`event-${++events}`);
      const twin = new Twin();
      let now = 1_800_000_000_123;
      let life = 1;
      const expected: unknown[] = [];
      const asked: string[] = [];
      const pipeline = redis.pipeline();
      for (const { name, picks, afterMs } of [{ name: 'load-event', picks: first, afterMs: 0 }, ...drafts]) {
        now += afterMs;
        if (name === 'rebuild') {
          if (picks[0] === undefined || picks[0] % 4 > 0) continue;
          if (twin.meta) twin.meta.run = undefined;
          pipeline.hdel(keys[3] as string, 'run');
          continue;
        }
        const chosen = new Picks(picks, twin);
        // Most loads come with a Redis that has restarted; the others find the map there.
        if (name === 'load-event' && chosen.number(4) > 0) life++;
        const all = [`run-${life}`, ...(args[name]?.(chosen) ?? []).map(String)];
        pipeline.mset(`${clockKey}:s`, Math.floor(now / 1000), `${clockKey}:us`, (now % 1000) * 1000);
        // A hold can be tried ten times.
        const times = name === 'begin-confirm' && chosen.number(10) === 0 ? 11 : 1;
        for (let time = 0; time < times; time++) {
          asked.push(`${name} ${all.join(' ')} after ${afterMs} ms`);
          expected.push(normal(name, structuredClone(runTwin(twin, name, all, now))));
          pipeline.evalsha(sources.get(name)?.sha ?? '', keys.length, ...keys, ...all);
        }
      }
      const results = await pipeline.exec();
      const replies = (results ?? []).flatMap(([error, reply]) => {
        if (error) throw error;
        return Array.isArray(reply) ? [reply] : [];
      });
      for (const reply of replies) {
        const status = String(reply[0]);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      for (const [at, reply] of replies.entries()) {
        const name = asked[at]?.split(' ')[0] ?? '';
        expect(normal(name, reply), `call ${at}, ${asked[at]}`).toEqual(expected[at]);
      }
      expect(await dumpRedis(keys)).toEqual(dumpTwin(twin));
      await redis.unlink(...keys);
    }),
    { numRuns: runs },
  );
  // Every word that a script may answer was answered, but for `more`, which takes a hundred holds.
  const words = [...sources.values()].flatMap(({ source }) => source.match(/finish\('([a-z-]+)'/g) ?? []);
  for (const word of words)
    if (word !== "finish('more'") expect(statuses.get(word.slice(8, -1)) ?? 0, word).toBeGreaterThan(0);
}, 600_000);

test('every script that works on an event has its twin', () => {
  expect([...sources.keys()].sort()).toEqual([...Object.keys(twinScripts), 'load-event'].sort());
});
