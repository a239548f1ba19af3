import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SeatState } from '../../src/seats/codec.ts';
import { Replica, type Tick } from '../../src/seats/replica.ts';

const count = 12;
const change = fc.tuple(fc.nat(count - 1), fc.integer({ min: 0, max: 3 }) as fc.Arbitrary<SeatState>);
/** What happened, one entry a position. */
const history = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 25 });

const tick = (from: number, to: number, changes: [number, SeatState][] = [], epoch = 'epoch-a1'): Tick => ({
  epoch,
  from,
  to,
  changes: new Map(changes),
});

function replicaAt(position: number): Replica {
  const replica = new Replica();
  replica.load('epoch-a1', position, new Uint8Array(count));
  return replica;
}

/** The tick that tells of positions `from` to `to`. */
const tickOf = (entries: [number, SeatState][][], from: number, to: number): Tick =>
  tick(from, to, entries.slice(from - 1, to).flat());

function mapAfter(entries: [number, SeatState][][]): Uint8Array {
  const seats = new Uint8Array(count);
  for (const [seat, state] of entries.flat()) seats[seat] = state;
  return seats;
}

test('[TICK-4] ticks that repeat or overlap leave the map as if each change had come once', () => {
  // Where a tick begins and ends: anywhere, so long as no position is missed.
  const cuts = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(history, cuts, (entries, steps) => {
      const replica = replicaAt(0);
      for (const [back, forth] of steps) {
        const from = Math.max(1, replica.position + 1 - back);
        const to = Math.min(entries.length, from + forth);
        if (to < from) continue;
        const result = replica.apply(tickOf(entries, from, to));
        expect(result).not.toBe('gap');
      }
      expect(replica.seats).toEqual(mapAfter(entries.slice(0, replica.position)));
    }),
  );
});

test('[TICK-5] a tick that skips a position changes nothing and says so', () => {
  const replica = replicaAt(5);
  expect(replica.apply(tick(7, 9, [[0, 1]]))).toBe('gap');
  expect(replica.position).toBe(5);
  expect(replica.seats).toEqual(new Uint8Array(count));
  expect(replica.apply(tick(6, 9, [[0, 1]]))).toEqual([0]);
  expect(replica.position).toBe(9);
});

test('a tick of the past is old, whatever it says', () => {
  const replica = replicaAt(5);
  expect(replica.apply(tick(1, 5, [[0, 1]]))).toBe('old');
  expect(replica.apply(tick(3, 6, [[0, 1]]))).toEqual([0]);
  expect(replica.apply(tick(3, 6, [[0, 2]]))).toBe('old');
  expect(replica.seats[0]).toBe(1);
});

test('a tick of another epoch is a gap, even one of the past', () => {
  const replica = replicaAt(5);
  expect(replica.apply(tick(6, 6, [[0, 1]], 'epoch-b2'))).toBe('gap');
  expect(replica.apply(tick(1, 2, [[0, 1]], 'epoch-b2'))).toBe('gap');
  expect(replica.position).toBe(5);
});

test('the seats that look different are named, and only they', () => {
  const replica = replicaAt(0);
  expect(
    replica.apply(
      tick(1, 1, [
        [3, 1],
        [4, 0],
        [5, 2],
      ]),
    ),
  ).toEqual([3, 5]);
  expect(replica.apply(tick(2, 2, [[3, 1]]))).toEqual([]);
  expect(replica.position).toBe(2);
});

test('seats outside the hall are passed over', () => {
  const replica = replicaAt(0);
  expect(
    replica.apply(
      tick(1, 1, [
        [count, 1],
        [1e9, 1],
        [0, 1],
      ]),
    ),
  ).toEqual([0]);
  expect(replica.seats).toHaveLength(count);
});

test('[TICK-6] a beacon shows a loss by a later position or another epoch', () => {
  const replica = replicaAt(5);
  expect(replica.isBehind('epoch-a1', 5)).toBe(false);
  expect(replica.isBehind('epoch-a1', 4)).toBe(false);
  expect(replica.isBehind('epoch-a1', 6)).toBe(true);
  expect(replica.isBehind('epoch-b2', 1)).toBe(true);
});
