import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SeatsChanged, SeatsWatchReply } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import {
  decodeChanges,
  decodeRawTick,
  decodeSnapshot,
  encodeChanges,
  encodeSnapshot,
  letters,
  lettersOfStates,
  type SeatState,
  statesOfLetters,
} from '../../src/seats/codec.ts';
import { eventFrame } from '../../src/socket/frame.ts';

const state = fc.integer({ min: 0, max: 3 }) as fc.Arbitrary<SeatState>;
const changes = fc
  .uniqueArray(fc.tuple(fc.nat(99_999), state), { selector: ([seat]) => seat, maxLength: 300, size: 'max' })
  .map((pairs) => new Map(pairs));
/** Long runs of equal seats, as new and sold-out halls have them. */
const orderly = fc
  .array(fc.tuple(state, fc.integer({ min: 1, max: 500 })), { minLength: 1, maxLength: 100, size: 'max' })
  .map((runs) => Uint8Array.from(runs.flatMap(([of, length]) => new Array<number>(length).fill(of))));
const disorderly = fc
  .array(state, { minLength: 1, maxLength: 500, size: 'max' })
  .map((each) => Uint8Array.from(each));
const hall = fc.oneof(orderly, disorderly);

const eventId = '0192f0c1-7c1e-7abc-8def-0123456789ab';
const epoch = 'Zk3_x-9A';
const bytes = (text: string): number => Buffer.byteLength(text);

/** A repeatable random number below `below`. */
function dice(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe('letters', () => {
  test('and states are the same thing', () => {
    fc.assert(
      fc.property(hall, (seats) => {
        expect(statesOfLetters(lettersOfStates(seats))).toEqual(seats);
      }),
    );
  });

  test('nobody knows are seats nobody may buy', () => {
    expect([...statesOfLetters('fX h\u0000é')]).toEqual([0, 3, 3, 1, 3, 3]);
  });
});

describe('changes', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const text = encodeChanges(given);
        expect([...decodeChanges(text)].sort(([a], [b]) => a - b)).toEqual(
          [...given].sort(([a], [b]) => a - b),
        );
        expect(text).toMatch(/^([fhsb][0-9a-z]+(\.[0-9a-z]+)*(;|$))*$/);
      }),
    );
  });

  test('are written as the contract says', () => {
    expect(
      encodeChanges(
        new Map([
          [6, 1],
          [10, 2],
          [5, 1],
        ] as const),
      ),
    ).toBe('h5.1;sa');
    expect(encodeChanges(new Map())).toBe('');
    expect(decodeChanges('h5.1;sa')).toEqual(
      new Map([
        [5, 1],
        [6, 1],
        [10, 2],
      ]),
    );
    expect(decodeChanges('').size).toBe(0);
  });

  test('of a raw tick, whatever their order', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const raw = [...given].map(([seat, of]) => `${seat}${letters.charAt(of)}`).join('');
        expect(decodeRawTick(raw)).toEqual(given);
      }),
    );
  });

  test.each(['x5', '5', 'h', 'h1;', ';h1', 'h1..2', 'h.', 'h1;;s2', 'h1,2;?', '42["seats:changed"]', 'h~'])(
    'garbage is refused: %j',
    (text) => {
      expect(() => decodeChanges(text)).toThrow(RangeError);
    },
  );

  test('no text at all does more than throw a RangeError', () => {
    const garbage = fc.oneof(fc.string(), fc.stringMatching(/^[fhsb;.0-9a-z-]{0,40}$/));
    fc.assert(
      fc.property(garbage, (text) => {
        try {
          for (const [seat, of] of decodeChanges(text)) {
            expect(Number.isInteger(seat)).toBe(true);
            expect([0, 1, 2, 3]).toContain(of);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('snapshots', () => {
  test('come back as they went, whichever encoding is shorter', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(hall, (seats) => {
        const snapshot = encodeSnapshot(seats);
        seen.add(snapshot.encoding);
        expect(snapshot.count).toBe(seats.length);
        expect(decodeSnapshot(snapshot)).toEqual(seats);
        expect(snapshot.seats.length).toBeLessThanOrEqual(Math.ceil(Math.ceil(seats.length / 4) / 3) * 4);
      }),
      { numRuns: 200 },
    );
    expect([...seen].sort()).toEqual(['bits', 'runs']);
  });

  test.each([1, 2, 3, 4, 5, 12, 13, 100_000])('of %d seats', (count) => {
    const random = dice(count);
    for (const make of [() => 0, () => 3, (seat: number) => seat % 4, () => random(4)]) {
      const seats = Uint8Array.from({ length: count }, (_, seat) => make(seat));
      expect(decodeSnapshot(encodeSnapshot(seats))).toEqual(seats);
    }
  });

  test('are written as the contract says', () => {
    expect(encodeSnapshot(statesOfLetters('f'.repeat(20_000)))).toEqual({
      encoding: 'runs',
      count: 20_000,
      seats: 'fffk',
    });
    // Seat 0 is in the lowest bits of the first byte.
    expect(encodeSnapshot(statesOfLetters('fhsbfhsb'))).toEqual({
      encoding: 'bits',
      count: 8,
      seats: '5OQ=',
    });
    expect(decodeSnapshot({ encoding: 'runs', count: 7, seats: 'f2.s4.b1' })).toEqual(
      statesOfLetters('ffssssb'),
    );
  });

  test('fit their contract', () => {
    const check = loadContracts().asks.get('seats:watch')?.checkReply;
    for (const seats of [new Uint8Array(100_000), Uint8Array.from({ length: 99_999 }, (_, n) => n % 4)]) {
      expect(check?.(watchReply(seats)), JSON.stringify(check?.errors)).toBe(true);
    }
  });
});

const watchReply = (seats: Uint8Array): SeatsWatchReply => ({
  eventId,
  epoch,
  position: 1_234_567,
  stale: false,
  snapshot: encodeSnapshot(seats),
  holds: [],
  now: 1_767_225_600_000,
});

/** The frame a stock client gets as the answer to its request. */
const ackFrame = (reply: SeatsWatchReply): string => `4312345${JSON.stringify([{ ok: true, data: reply }])}`;

describe('[MAP-1] the size of', () => {
  const count = 20_000;
  const random = dice(1);
  test.each<[string, (seat: number) => number]>([
    ['a new', () => 0],
    ['a sold-out', () => 2],
    ['a half-sold', (seat) => (seat < count / 2 ? 2 : 0)],
    ['a chequered', (seat) => seat % 2],
    ['a random', () => random(4)],
    ['an almost empty', () => (random(100) === 0 ? 1 : 0)],
    ['a busy', () => (random(3) === 0 ? 2 : random(10) === 0 ? 1 : 0)],
  ])('%s hall of 20,000 seats is at most 7 KB', (_, make) => {
    const seats = Uint8Array.from({ length: count }, (_each, seat) => make(seat));
    expect(bytes(ackFrame(watchReply(seats)))).toBeLessThanOrEqual(7168);
  });

  /** The frame of a tick with so many changes of random seats, in bytes a seat. */
  function bytesASeat(changed: number, seed: number, states: readonly SeatState[]): number {
    const roll = dice(seed);
    const tick = new Map<number, SeatState>();
    while (tick.size < changed) tick.set(roll(count), states[roll(states.length)] ?? 0);
    const data: SeatsChanged = {
      eventId,
      epoch,
      from: 1_234_567,
      to: 1_234_567 + changed,
      changes: encodeChanges(tick),
    };
    return bytes(eventFrame('seats:changed', data)) / changed;
  }

  test.each<[string, SeatState[]]>([
    ['holds', [1]],
    ['holds and releases', [1, 0]],
    ['everything', [0, 1, 2, 3]],
  ])('a busy tick, frame and all, is at most 6 bytes a seat: %s', (_, states) => {
    const sizes = Array.from({ length: 50 }, (_each, seed) => bytesASeat(100, seed, states));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6);
  });

  test('a tick of ten seats is no more than what an envelope and ten changes need', () => {
    const sizes = Array.from({ length: 50 }, (_, seed) => bytesASeat(10, seed, [0, 1]));
    // The envelope alone is 130 bytes; a change far from the one before takes 4.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(18);
  });
});
