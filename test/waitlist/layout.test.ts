import { expect, test } from 'vitest';
import { layoutOf } from '../../src/waitlist/layout.ts';

const row = (first: number, count: number) => ({ zone: 0, label: '', first, count });
const seats = (...categories: number[]) => categories.map((category) => ({ category })) as never[];

test('neighbours are seats of one row, and within a category what nothing else stands between', () => {
  const layout = layoutOf({ rows: [row(0, 5), row(5, 3)], seats: seats(0, 0, 1, 0, 0, 1, 1, 1) });
  expect(Object.fromEntries(layout)).toEqual({
    '*': '0-7:0-4,5-7',
    '0': '0-4:0-1,3-4',
    '1': '2-7:2-2,5-7',
  });
});

test('a row of one seat is a stretch of one', () => {
  expect(Object.fromEntries(layoutOf({ rows: [row(0, 1)], seats: seats(3) }))).toEqual({
    '*': '0-0:0-0',
    '3': '0-0:0-0',
  });
});
