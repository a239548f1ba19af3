import { describe, expect, test } from 'vitest';
import { isCounted, lineOf, nextMoment, shownOf } from '../../src/boards/board-rows.ts';
import { pageAt, pagesOf } from '../../src/boards/paging.ts';
import type { BoardEventRow } from '../../src/database/board-statements.ts';

const minute = 60_000;
const hour = 60 * minute;
const now = Date.parse('2027-03-14T12:00:00Z');
const text = (inMs: number) => new Date(now + inMs).toISOString();
const row = (startsIn: number, more: Partial<BoardEventRow> = {}): BoardEventRow => ({
  id: `${startsIn}`,
  title: 'An evening',
  category: null,
  startsAt: text(startsIn),
  endsAt: text(startsIn + 2 * hour),
  timeZone: 'Europe/Brussels',
  status: 'published',
  sellMode: 'online',
  salesStartAt: null,
  salesEndAt: null,
  currency: 'EUR',
  delayMinutes: 0,
  ...more,
});

describe('[KIOSK-5] how an event stands', () => {
  test.each([
    ['to come', row(hour), 'scheduled', 'open', true],
    ['begun', row(0), 'running', 'over', false],
    ['begun, but late', row(0, { delayMinutes: 5 }), 'scheduled', 'over', true],
    [
      'late, and over as planned',
      row(-hour, { status: 'completed', delayMinutes: 90 }),
      'scheduled',
      'over',
      false,
    ],
    ['cancelled', row(hour, { status: 'cancelled' }), 'cancelled', 'over', false],
    ['not sold yet', row(hour, { salesStartAt: text(minute) }), 'scheduled', 'before', true],
    ['sold until now', row(hour, { salesEndAt: text(0) }), 'scheduled', 'over', true],
    ['sold elsewhere', row(hour, { sellMode: 'offline' }), 'scheduled', 'elsewhere', false],
  ] as const)('%s', (_, event, state, sale, counted) => {
    expect(lineOf(event, now)).toMatchObject({ state, sale });
    expect(isCounted(event, now)).toBe(counted);
  });
});

test('[KIOSK-5] the next moment is the first at which the board is another', () => {
  const next = (events: BoardEventRow[]) =>
    (nextMoment({ venue: { name: '', city: '', timeZone: 'UTC' }, events, announcements: [] }, now) - now) /
    minute;
  expect(next([])).toBe(Number.POSITIVE_INFINITY);
  expect(next([row(hour)])).toBe(60);
  expect(next([row(hour), row(-hour)])).toBe(60);
  expect(next([row(-hour)])).toBe(60);
  expect(next([row(-10 * minute, { delayMinutes: 15 })])).toBe(5);
  expect(next([row(hour, { salesStartAt: text(10 * minute), salesEndAt: text(20 * minute) })])).toBe(10);
  // It comes onto the board.
  expect(next([row(49 * hour)])).toBe(60);
});

test('what is far ahead fills the first page and no other', () => {
  const near = Array.from({ length: 4 }, (_, i) => row(i * hour));
  const far = Array.from({ length: 9 }, (_, i) => row((60 + i) * hour));
  expect(shownOf([...near, ...far], now, 6)).toHaveLength(6);
  const many = Array.from({ length: 8 }, (_, i) => row(i * hour));
  expect(shownOf([...many, ...far], now, 6)).toHaveLength(8);
});

test('[KIOSK-6] every page has its time, and every clock the same page', () => {
  expect([0, 1, 6, 7, 36].map((events) => pagesOf(events, 6))).toEqual([1, 1, 1, 2, 6]);
  const shown = Array.from({ length: 9 }, (_, i) => pageAt(now + i * 12_000, 12_000, 3));
  for (let i = 0; i < 9; i++) expect(shown[i]).toBe(((shown[0] as number) + i) % 3);
  const turn = Math.ceil(now / 12_000) * 12_000;
  expect(pageAt(turn - 1, 12_000, 3)).not.toBe(pageAt(turn, 12_000, 3));
});
