import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeOnce, nothingFree, SharedReplica } from '../../loadtest/k6/shared-replica.ts';
import { Replica, type Tick } from '../../src/seats/replica.ts';

const seats = 6;
const tick = fc.record({
  epoch: fc.constantFrom('a', 'b'),
  from: fc.integer({ min: 1, max: 8 }),
  length: fc.integer({ min: 0, max: 2 }),
  text: fc.constantFrom('', 'h1', 's1.2', 'f0;h3', 'h5'),
});
const step = fc.record({
  who: fc.integer({ min: 0, max: 2 }),
  what: fc.oneof(tick, fc.record({ load: fc.integer({ min: 0, max: 3 }) })),
});

test('maps that share their work are the maps they would be alone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (list) => {
      const sharing = [0, 1, 2].map(() => new SharedReplica());
      const alone = [0, 1, 2].map(() => new Replica());
      for (const each of [...sharing, ...alone]) each.load('a', 0, new Uint8Array(seats));
      for (const { who, what } of list) {
        const pair = [sharing[who] as Replica, alone[who] as Replica] as const;
        if ('load' in what) for (const each of pair) each.load('a', what.load, new Uint8Array(seats).fill(2));
        else {
          const { epoch, from, length, text } = what;
          const each: Tick = { epoch, from, to: from + length, changes: decodeOnce(text) };
          expect(pair[0].apply({ ...each })).toEqual(pair[1].apply({ ...each }));
        }
        for (const [i, one] of sharing.entries()) {
          const { epoch, position, seats: own } = alone[i] as Replica;
          expect([one.epoch, one.position, [...one.seats]]).toEqual([epoch, position, [...own]]);
        }
      }
    }),
  );
});

test('maps that were at one place stay one map after the same tick', () => {
  const [one, other] = [new SharedReplica(), new SharedReplica()];
  for (const each of [one, other]) each.load('a', 0, new Uint8Array(seats));
  for (const each of [one, other]) each.apply({ epoch: 'a', from: 1, to: 1, changes: decodeOnce('s0.1.1') });
  expect(one.seats).toBe(other.seats);
  expect(nothingFree(one.seats)).toBe(false);
  one.apply({ epoch: 'a', from: 2, to: 2, changes: decodeOnce('h3.1.1') });
  expect([nothingFree(one.seats), nothingFree(other.seats)]).toEqual([true, false]);
});
