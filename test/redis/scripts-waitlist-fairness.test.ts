/**
 * Fairness against a naive reading of the rules, on random lists of what buyers and those who wait do: nobody is left
 * waiting for what is free, nobody is served before somebody it would have done for, and no seat is anybody's twice. Two
 * planted faults show that this sees them. WAITLIST_RUNS sets how many lists.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WaitlistStep } from '../../src/redis/waitlist-steps.ts';
import { seed } from '../support/seed.ts';
import { redis } from './event.ts';
import { fullEvent, type WaitingEvent } from './waiting.ts';

const runs = Number(process.env.WAITLIST_RUNS || 40);
const perBuyer = 8;
const seatCount = 20;
const people = ['ada', 'bob', 'cy', 'dan', 'eve', 'fay'];

interface Entry {
  id: string;
  owner: string;
  quantity: number;
  category: string;
  together: boolean;
  order: number;
  state: string;
  hold: string;
}
interface Hold {
  state: string;
  owner: string;
  seats: number[];
}
interface Picture {
  seats: string;
  entries: Entry[];
  holds: Map<string, Hold>;
}

async function pictureOf(event: WaitingEvent): Promise<Picture> {
  const [seats, entries, holds] = await Promise.all([
    event.seats(),
    redis.hgetall(event.keys[11] as string),
    redis.hgetall(event.holdsKey),
  ]);
  return {
    seats: seats ?? '',
    entries: Object.entries(entries)
      .map(([id, text]) => {
        const [owner = '', quantity, category = '', together, , , order, state = '', hold = ''] =
          text.split('|');
        return {
          id,
          owner,
          quantity: Number(quantity),
          category,
          together: together === 't',
          order: Number(order),
          state,
          hold,
        };
      })
      .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1)),
    holds: new Map(
      Object.entries(holds).map(([id, text]) => {
        const [state = '', owner = '', , , , list = ''] = text.split('|');
        return [id, { state, owner, seats: list.split(',').map(Number) }];
      }),
    ),
  };
}

/** Whether free seats would do for an entry, by trying all. */
function isServed(entry: Entry, isFree: (seat: number) => boolean): boolean {
  const fits = (seat: number) =>
    seat < seatCount &&
    isFree(seat) &&
    (entry.category === '*' || Math.floor(seat / 10) === Number(entry.category));
  const all = Array.from({ length: seatCount }, (_, seat) => seat);
  if (!entry.together) return all.filter(fits).length >= entry.quantity;
  return all.some((first) =>
    Array.from({ length: entry.quantity }, (_, n) => first + n).every(
      (seat) => fits(seat) && Math.floor(seat / 10) === Math.floor(first / 10),
    ),
  );
}

function mayBeServed({ holds }: Picture, { owner, quantity }: Entry): boolean {
  const theirs = [...holds.values()].filter((hold) => hold.owner === owner && hold.state !== 'g');
  const has = theirs.reduce((sum, { seats }) => sum + seats.length, 0);
  return theirs.every(({ state }) => state !== 'o') && has + quantity <= perBuyer;
}

function checkSeats(now: Picture): void {
  const inHolds = [...now.holds.values()].flatMap(({ seats }) => seats);
  expect(new Set(inHolds).size, 'no seat is in two holds').toBe(inHolds.length);
  const held = [...now.seats].flatMap((state, seat) => (state === 'h' ? [seat] : []));
  expect(
    inHolds.toSorted((a, b) => a - b),
    'what is held is in a hold',
  ).toEqual(held);
  const offers = [...now.holds.values()].filter(({ state }) => state === 'o').map(({ owner }) => owner);
  expect(new Set(offers).size, 'nobody has two offers').toBe(offers.length);
}

function checkNobodyIsLeft(now: Picture, rested: Set<string>): void {
  for (const entry of now.entries) {
    if (entry.state === 'o' || rested.has(entry.id) || !mayBeServed(now, entry)) continue;
    const own = new Set(entry.state === 'g' ? now.holds.get(entry.hold)?.seats : []);
    const served = isServed(entry, (seat) => now.seats[seat] === 'f' || own.has(seat));
    expect(served, `${entry.id} waits for ${entry.quantity} in ${entry.category} of ${now.seats}`).toBe(
      false,
    );
  }
}

function checkOrder(before: Picture, now: Picture, steps: WaitlistStep[], rested: Set<string>): void {
  // Who gathers, or has been put elsewhere, has an order of its own.
  if (steps.some(({ kind }) => ['gathered', 'let-go', 'advanced'].includes(kind))) return;
  const offers = steps.filter(({ kind }) => kind === 'offered');
  for (const [at, offer] of offers.entries()) {
    const rest = new Set(offers.slice(at).flatMap(({ seats }) => seats));
    const served = new Set(offers.slice(0, at).map(({ owner }) => owner));
    const entry = before.entries.find(({ id }) => id === offer.entryId);
    if (!entry) continue;
    for (const other of before.entries) {
      if (other.id === entry.id) break;
      const wasServed = offers.slice(0, at).some(({ entryId }) => entryId === other.id);
      if (other.state !== 'w' || wasServed || rested.has(other.id) || served.has(other.owner)) continue;
      // One whose holds have changed in this very call may have been full before it.
      if (!mayBeServed(before, other) || !now.entries.some(({ id }) => id === other.id)) continue;
      const could = isServed(other, (seat) => now.seats[seat] === 'f' || rest.has(seat));
      expect(could, `${other.id} was passed over by ${entry.id}`).toBe(false);
    }
  }
}

type Move = {
  what: string;
  who: number;
  which: number;
  wish: { quantity: number; category: number; together: boolean };
};
const move: fc.Arbitrary<Move> = fc.record({
  what: fc.constantFrom(
    'join',
    'join',
    'join',
    'release',
    'release',
    'release',
    'accept',
    'decline',
    'leave',
    'lapse',
    'hold',
    'promote',
  ),
  who: fc.nat(people.length - 1),
  which: fc.nat(99),
  wish: fc.record({
    quantity: fc.integer({ min: 1, max: 4 }),
    category: fc.integer({ min: -1, max: 1 }),
    together: fc.boolean(),
  }),
});

/** @returns whether whoever waits was asked by it */
async function play(event: WaitingEvent, { what, who, which, wish }: Move, now: Picture): Promise<boolean> {
  const owner = people[who] as string;
  const pick = <T>(list: T[]): T | undefined => list[which % (list.length || 1)];
  const holds = [...now.holds].map(([id, hold]) => ({ id, ...hold }));
  const offer = pick(holds.filter(({ state }) => state === 'o'));
  switch (what) {
    case 'join':
      await event.join(owner, { ...wish, category: wish.category < 0 ? undefined : wish.category });
      return true;
    case 'release': {
      const hold = pick(holds.filter(({ state }) => state === 'h'));
      if (hold) await event.release(hold.owner, hold.id);
      return hold !== undefined;
    }
    case 'accept':
      if (offer) await event.accept(offer.owner, offer.id);
      return offer !== undefined;
    case 'decline':
      if (offer) await event.decline(offer.owner, offer.id);
      return offer !== undefined;
    case 'lapse': {
      const hold = pick(holds);
      if (!hold) return false;
      await event.makeDue([hold.id]);
      await event.sweep();
      return true;
    }
    case 'leave': {
      const entry = pick(now.entries);
      if (entry) await event.leave(entry.owner, entry.id);
      return entry !== undefined;
    }
    case 'promote': {
      const entry = pick(now.entries.filter(({ state, order }) => state === 'w' && order >= 1e14));
      if (entry) await event.promote(entry.id);
      return entry !== undefined;
    }
    default: {
      const seat = pick([...now.seats].flatMap((state, at) => (state === 'f' ? [at] : [])));
      if (seat !== undefined) await event.hold(owner, [seat]);
      return false;
    }
  }
}

/** Runs lists of moves. @param plant a fault, into the scripts */
async function tryAll(numRuns: number, plant?: (source: string) => string): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 10, maxLength: 40, size: 'max' }), async (moves) => {
      const { event } = await fullEvent({ seatsPerBuyer: 1000, offerMs: 600_000 });
      await event.setMeta({ seatsPerBuyer: perBuyer });
      event.plant = plant;
      let now = await pictureOf(event);
      for (const each of moves) {
        const known = event.steps.length;
        const before = now;
        const asked = await play(event, each, before);
        now = await pictureOf(event);
        const steps = event.steps.slice(known);
        const rested = new Set(
          steps.filter(({ kind }) => kind === 'declined' || kind === 'expired').map((step) => step.entryId),
        );
        checkSeats(now);
        if (asked) checkNobodyIsLeft(now, rested);
        checkOrder(before, now, steps, rested);
      }
      await redis.unlink(...event.keys);
    }),
    // What is planted need not be told in the shortest words.
    { seed, numRuns, endOnFailure: plant !== undefined },
  );
}

test('[WAIT-1] [WAIT-2] [WAIT-3] [WAIT-5] nobody waits for what is free, nobody is passed over, no seat is given twice', async () => {
  await tryAll(runs);
}, 600_000);

test.each([
  [
    'what becomes free is free first',
    'local function finish(status, fields)\n  serve_waiting()',
    'local function finish(status, fields)',
  ],
  ['the last comes first', 'return a.order < b.order', 'return a.order > b.order'],
  ['one may have several offers', 'return not is_offered and has', 'return has'],
])(
  'a planted fault is seen: %s',
  async (_, right, wrong) => {
    const plant = (source: string) => {
      expect(source).toContain(right);
      return source.replace(right, wrong);
    };
    await expect(tryAll(200, plant)).rejects.toThrow('Property failed');
  },
  600_000,
);
