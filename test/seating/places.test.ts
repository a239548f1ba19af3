import { expect, test } from 'vitest';
import { placesText } from '../../src/seating/places.ts';
import type { PlanRow } from '../../src/seating/plan.ts';

/** A plan whose rows have seats of these numbers. */
function planOf(zones: string[], ...rows: (Partial<PlanRow> & { numbers: string[] })[]) {
  const seats: { index: number; number: string }[] = [];
  const planRows = rows.map(({ numbers, ...row }) => {
    const first = seats.length;
    for (const number of numbers) seats.push({ index: seats.length, number });
    return { zone: 0, label: '', ...row, first, count: numbers.length };
  });
  return { zones: zones.map((name) => ({ name })), rows: planRows, seats } as never;
}
const upTo = (last: number) => Array.from({ length: last }, (_, i) => `${i + 1}`);

test.each([
  [[3, 4], 'Stalls · row C, seats 4–5'],
  [[4], 'Stalls · row C, seat 5'],
  [[6, 0, 1, 2], 'Stalls · row C, seats 1–3, 7'],
  [[9, 10, 11], 'Stalls · row C, seat 10; Stalls · row D, seats 1–2'],
])('seats %j are %s', (seats, words) => {
  const plan = planOf(['Stalls'], { label: 'C', numbers: upTo(10) }, { label: 'D', numbers: upTo(10) });
  expect(placesText(plan, seats)).toBe(words);
});

test('a plan has words of its own, or none for its zone and its row', () => {
  const table = { rowText: 'Table 4', seatText: 'Chair %s', numbers: upTo(4) };
  expect(placesText(planOf(['Terrace'], table), [0, 1])).toBe('Terrace · Table 4, Chair 1–2');
  expect(placesText(planOf([''], { numbers: ['12a', '$&'] }), [0, 1])).toBe('seats 12a, $&');
  expect(placesText(planOf([''], { label: 'A', numbers: ['3', '2', '1'] }), [0, 1])).toBe('row A, seats 2–3');
  expect(placesText(planOf([''], { numbers: ['1'] }), [])).toBe('');
});

test('what has no room is counted', () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({ label: `${i}`, numbers: ['1', '2'] }));
  const words = placesText(
    planOf(['Upper circle'], ...rows),
    Array.from({ length: 40 }, (_, i) => i),
  );
  expect(words.length).toBeLessThanOrEqual(200);
  expect(words).toMatch(/^Upper circle · row 0, seats 1–2; .*; and \d+ more$/);
  const said = words.match(/row/g)?.length ?? 0;
  expect(words).toContain(`and ${40 - 2 * said} more`);
  const long = planOf(['Z'.repeat(300)], { numbers: upTo(3) });
  expect(placesText(long, [0, 1, 2])).toBe('3 seats');
});
