import { expect, test } from 'vitest';
import type { JournalLine } from '../../loadtest/k6/journal-line.ts';
import { thresholdsOf } from '../../loadtest/k6/profiles.ts';
import { Histogram } from '../../loadtest/runner/histogram.ts';
import { Recording } from '../../loadtest/runner/recording.ts';
import { growthPerHour } from '../../loadtest/runner/resources.ts';
import { doubts, joinScreens } from '../../loadtest/runner/screens.ts';
import { judge } from '../../loadtest/runner/verdict.ts';

function record(...lines: JournalLine[]): Recording {
  const recording = new Recording();
  for (const line of lines) recording.add(line);
  return recording;
}

test('a change is on a screen when the screen moves past it, whoever wrote down which', () => {
  const recording = record(
    { accepted: [['a', 5, 100]] },
    { moved: { 'a 4 5': [110, 130] } },
    // One screen got three changes in one tick, and one of them before its buyer had the answer.
    {
      accepted: [
        ['a', 6, 205],
        ['a', 8, 190],
      ],
      moved: { 'a 5 8': [200] },
    },
    // Another life of the map.
    { moved: { 'b 0 9': [900] } },
  );
  const { all, changes, bins } = joinScreens(recording, 100);
  expect([all.count, changes]).toEqual([4, 3]);
  expect(all.max).toBe(30);
  expect(all.under([0.5, 9, 12])).toEqual([1, 0, 2, 1]);
  expect([...bins].map(([bin, { count }]) => [bin, count])).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

test('a screen that was cut off and came back further on has no part in what it missed', () => {
  const recording = record({
    accepted: [
      ['a', 5, 100],
      ['a', 7, 300],
    ],
    moved: { 'a 4 4': [90], 'a 6 7': [310] },
  });
  expect(joinScreens(recording, 100).all.count).toBe(1);
});

test('doubt is counted from the last seat that was held', () => {
  const recording = record(
    {
      answers: {
        hold: [
          [100, 20],
          [400, 300],
        ],
      },
    },
    { losersTold: [390, 450, 1000] },
  );
  expect(doubts(recording)).toEqual([0, 50, 600]);
});

test('a histogram knows percentiles within 2 %', () => {
  const histogram = new Histogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  for (const share of [0.1, 0.5, 0.99]) {
    expect(Math.abs(histogram.percentile(share) / (share * 1000) - 1)).toBeLessThan(0.02);
  }
  expect(histogram.percentile(1)).toBe(1000);
  expect(new Histogram().percentile(0.5)).toBeNaN();
});

test('growth is the slope of the line through all points', () => {
  const hour = 3_600_000;
  expect(growthPerHour([0, hour, 2 * hour], [10, 30, 50])).toBeCloseTo(20);
  expect(growthPerHour([0, hour], [1, 2])).toBeNaN();
});

const profile = { viewers: 0, buyers: 3, seats: 2, entrySeconds: 1, seconds: 1 };
function judged(
  change: (metrics: Record<string, Record<string, unknown>>) => void,
  losersTold: number[] = [500],
) {
  const metrics: Record<string, Record<string, unknown>> = {};
  for (const [name, limits] of Object.entries(thresholdsOf('on-sale', profile).k6)) {
    const held = Object.fromEntries(limits.map((limit) => [limit, false]));
    metrics[name] = { count: 1, 'p(99)': 10, thresholds: held };
  }
  change(metrics);
  const recording = record({
    answers: { hold: [[400, 1]] },
    accepted: [['a', 1, 400]],
    moved: { 'a 0 1': [410] },
    losersTold,
  });
  const screens = joinScreens(recording, 1000);
  const summary = { metrics } as Parameters<typeof judge>[0]['summary'];
  const checks = judge({ scenario: 'on-sale', profile, summary, recording, screens });
  return checks.filter(({ ok }) => !ok).map(({ what }) => what);
}

test('a threshold that k6 crossed, that was not measured, or that is missing is not held', () => {
  expect(judged(() => {})).toEqual([]);
  expect(
    judged(({ seats_sold: sold }) => Object.assign(sold ?? {}, { thresholds: { 'count==2': true } })),
  ).toEqual(['seats sold']);
  // To k6 a time of which there is none is one of 0 ms, and holds.
  expect(judged(({ answer_confirm: confirm }) => Object.assign(confirm ?? {}, { count: 0 }))).toEqual([
    'confirm answered',
  ]);
  expect(judged((metrics) => delete metrics.maps_wrong)).toEqual(['wrong maps at the end']);
});

test('who got nothing must be told in time', () => {
  const what = 'those without a seat told, after the last was gone';
  expect(judged(() => {}, [1600])).toEqual([what]);
  expect(judged(() => {}, [])).toEqual([what]);
});
