import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Visitor } from '../../loadtest/k6/visitor.ts';
import { encodeSnapshot } from '../../src/seats/codec.ts';

/** What the scripts take from k6, as far as these checks need it. */
const counted = new Map<string, number>();
const answers: { bookings: object[]; nextCursor: string | null }[][] = [];
const snapshot = { ok: true, data: { epoch: 'a', position: 7, snapshot: encodeSnapshot(new Uint8Array(4)) } };

vi.mock('k6/execution', () => ({
  default: {
    instance: {
      get currentTestRunDuration() {
        return performance.now() * 1000;
      },
    },
  },
}));
vi.mock('k6/metrics', () => ({
  Trend: class {},
  Counter: class {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    add(by: number) {
      counted.set(this.name, (counted.get(this.name) ?? 0) + by);
    }
  },
}));
vi.mock('k6/http', () => ({
  default: {
    batch: () => (answers.shift() ?? []).map((page) => ({ status: 200, json: () => page })),
  },
}));
vi.mock('../../loadtest/k6/socket-io.ts', () => ({
  SocketIo: { connect: async () => ({ request: async () => snapshot, close: () => undefined }) },
}));
vi.stubGlobal('__ENV', {});
const { checkSales } = await import('../../loadtest/k6/check-sales.ts');
const { compareMaps } = await import('../../loadtest/k6/compare-maps.ts');

beforeEach(() => counted.clear());
afterAll(() => vi.unstubAllGlobals());

const booking = (id: string, ...seats: number[]) => ({
  id,
  createdAt: '2026-01-01T00:00:00.000Z',
  seats: seats.map((seat) => ({ seat, cancelledAt: null })),
});

test('a seat that two bookings have was sold twice, on whatever page they are', () => {
  const cancelled = {
    ...{ id: 'c', createdAt: '2025-12-31T00:00:00.000Z' },
    seats: [{ seat: 3, cancelledAt: '2026-01-01T00:00:00.000Z' }],
  };
  answers.push(
    [
      { bookings: [booking('a', 1, 2)], nextCursor: null },
      { bookings: [cancelled, booking('b', 3)], nextCursor: 'more' },
    ],
    [{ bookings: [booking('d', 2)], nextCursor: null }],
  );
  checkSales('http://hub', 'event', ['one', 'two']);
  expect(counted.get('seats_sold')).toBe(3);
  expect(counted.get('seats_sold_twice')).toBe(1);
});

test('a seat that two bookings had at the same time was sold twice, also if one was cancelled since', () => {
  const early = {
    ...{ id: 'a', createdAt: '2025-12-31T00:00:00.000Z' },
    seats: [{ seat: 1, cancelledAt: '2026-01-01T00:00:00.001Z' }],
  };
  answers.push([{ bookings: [early, booking('b', 1)], nextCursor: null }]);
  checkSales('http://hub', 'event', ['one']);
  expect(counted.get('seats_sold_twice')).toBe(1);
});

const visitor = (position: number, ...seats: number[]) =>
  ({
    map: { fresh: true, replica: { epoch: 'a', position, seats: new Uint8Array(seats) } },
  }) as unknown as Visitor;

test('a map that differs from a fresh one at its position is wrong', async () => {
  const visitors = [visitor(7, 0, 0, 0, 0), visitor(7, 0, 0, 2, 0)];
  await compareMaps(visitors, { node: 'http://hub', eventId: 'event' });
  expect([counted.get('maps_compared'), counted.get('maps_wrong')]).toEqual([2, 1]);
});

test('a map that does not get to the position of a fresh one is wrong', async () => {
  await compareMaps([visitor(7, 0, 0, 0, 0), visitor(6, 0, 0, 0, 0)], {
    node: 'http://hub',
    eventId: 'event',
  });
  expect([counted.get('maps_compared'), counted.get('maps_wrong')]).toEqual([1, 1]);
});
