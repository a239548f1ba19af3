import { expect, test } from 'vitest';
import { lineChart, ticks } from '../../loadtest/runner/charts.ts';
import { Recording } from '../../loadtest/runner/recording.ts';
import { makeReport } from '../../loadtest/runner/report.ts';
import { renderPage } from '../../loadtest/runner/report-page.ts';
import { joinScreens } from '../../loadtest/runner/screens.ts';
import type { Check } from '../../loadtest/runner/verdict.ts';

const held: Check = { what: 'seats sold', limit: 'count==2', found: 2, unit: '', ok: true };
const crossed: Check = { what: 'hold answered', limit: 'p(99)<1000', found: 1234, unit: 'ms', ok: false };

function report(checks: Check[], problems: string[] = []) {
  const recording = new Recording();
  recording.add({
    startedAt: 1_000_000,
    answers: {
      hold: [
        [1100, 50],
        [1200, 100],
      ],
      refusal: [[1300, 40]],
      confirm: [[2500, 80]],
    },
    counts: { in: 3, sold: 2 },
    accepted: [['a', 1, 1100]],
    moved: { 'a 0 1': [1120, 1140] },
    losersTold: [1310],
  });
  return makeReport({
    scenario: 'on-sale',
    profileName: 'smoke',
    profile: { viewers: 0, buyers: 3, seats: 2, entrySeconds: 1, seconds: 2 },
    nodes: 2,
    startedAt: new Date(0),
    binMs: 1000,
    k6Version: '1.8.1',
    problems,
    checks,
    recording,
    screens: joinScreens(recording, 1000),
    uses: [{ name: 'node-1', at: [1_001_000, 1_002_000], cores: [0.5, 0.25], rss: [1e8, 2e8] }],
  });
}

test('the report holds only if everything did', async () => {
  expect((await report([held])).ok).toBe(true);
  expect((await report([held, crossed])).ok).toBe(false);
  expect((await report([held], ['node-1 ended by itself.'])).ok).toBe(false);
});

test('what happened when is in the report', async () => {
  const { overTime, answers, losers, screens, growth } = await report([held]);
  expect(answers.map(({ name, count, max }) => [name, count, max])).toEqual([
    ['hold', 2, 100],
    ['refusal', 1, 40],
    ['confirm', 1, 80],
  ]);
  expect([losers?.p99, screens.count, screens.changes]).toEqual([110, 2, 1]);
  // The sale opened when the first asked: 1050 ms.
  expect(overTime.sale.map(({ name, points }) => [name, points.at(-1)])).toEqual([
    ['seats held', [0.15, 2]],
    ['seats booked', [1.45, 1]],
    ['told that all is gone', [0.26, 1]],
  ]);
  expect(overTime.cores).toEqual([
    {
      name: 'node-1',
      points: [
        [1, 0.5],
        [2, 0.25],
      ],
    },
  ]);
  expect(overTime.megabytes[0]?.points).toEqual([
    [1, 100],
    [2, 200],
  ]);
  expect(Object.keys(growth)).toEqual(['node-1']);
});

test('the page needs nothing from elsewhere, and nothing in it is taken for markup', async () => {
  const page = renderPage(await report([held, crossed], ['<script>alert(1)</script>']));
  expect(page).not.toMatch(/<script|<link|src=|href=|url\(|@import/);
  expect(page).toContain('&lt;script&gt;');
  expect(page).toContain('broke');
  expect(page).toContain('1,234 ms');
  expect(page.match(/<svg /g)?.length).toBeGreaterThan(5);
  expect(page).not.toContain('NaN');
  expect(page).toContain('prefers-color-scheme: dark');
});

test('axes have round numbers that cover everything', () => {
  expect(ticks(100, 4)).toEqual([0, 25, 50, 75, 100]);
  expect(ticks(0.3, 4)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticks(27, 6, 22)).toEqual([22, 23, 24, 25, 26, 27]);
  expect(lineChart({ title: 'None', unit: '', format: String, series: [{ name: 'a', points: [] }] })).toBe(
    '',
  );
});
