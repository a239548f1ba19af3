/** What was measured, as lines over seconds. */
import { percentile } from '../crowd/tally.ts';
import type { AnswerName } from '../k6/journal-line.ts';
import type { Recording } from './recording.ts';
import type { Use } from './resources.ts';
import type { Screens } from './screens.ts';

/** [seconds since the test began, value] */
export type Point = [x: number, y: number];
export interface Series {
  name: string;
  points: Point[];
}

export function screensOverTime({ bins }: Screens, binMs: number): Series[] {
  const sorted = [...bins].sort(([a], [b]) => a - b);
  const series = (name: string, share: number): Series => ({
    name,
    points: sorted.map(([bin, histogram]) => [((bin + 0.5) * binMs) / 1000, histogram.percentile(share)]),
  });
  return [series('half of the screens', 0.5), series('99 % of the screens', 0.99)];
}

type Answers = readonly [at: number, ms: number][];

function intoBins(answers: Answers, binMs: number): [bin: number, ms: number[]][] {
  const bins = new Map<number, number[]>();
  for (const [at, ms] of answers) {
    const bin = Math.floor(at / binMs);
    const list = bins.get(bin) ?? [];
    bins.set(bin, list);
    list.push(ms);
  }
  return [...bins].sort(([a], [b]) => a - b);
}

export const answersOverTime = (answers: Answers, binMs: number, share: number): Point[] =>
  intoBins(answers, binMs).map(([bin, ms]) => [((bin + 0.5) * binMs) / 1000, percentile(ms, share)]);

/** At the moment of the cut rather than of the return. */
export function returnsOverTime({ answers }: Recording, binMs: number): Series[] {
  const returns = (answers.return ?? []).map(([at, ms]): [number, number] => [at - ms, ms]);
  if (returns.length === 0) return [];
  return [
    { name: 'half of the maps', points: answersOverTime(returns, binMs, 0.5) },
    { name: '99 % of the maps', points: answersOverTime(returns, binMs, 0.99) },
    { name: 'the last map', points: answersOverTime(returns, binMs, 1) },
  ];
}

export function ratesOverTime({ answers }: Recording, binMs: number): Series[] {
  const kinds: [AnswerName, string][] = [
    ['hold', 'holds'],
    ['refusal', 'conflicts'],
    ['confirm', 'bookings'],
    ['cancel', 'cancellations'],
  ];
  return kinds.flatMap(([kind, name]) => {
    const list = answers[kind];
    if (!list) return [];
    const counts = new Map(intoBins(list, binMs).map(([bin, ms]) => [bin, ms.length]));
    const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
    // Seconds in which nothing happened are part of it.
    const points = Array.from({ length: last - first + 1 }, (_, i): Point => {
      const bin = first + i;
      return [((bin + 0.5) * binMs) / 1000, (counts.get(bin) ?? 0) / (binMs / 1000)];
    });
    return [{ name, points }];
  });
}

/** How many had a hold, a booking, or knew that there is nothing for them, by ms since the sale opened. */
export function theSale({ answers, losersTold }: Recording): Series[] {
  const asked = [...(answers.hold ?? []), ...(answers.refusal ?? [])].map(([at, ms]) => at - ms);
  const opened = asked.reduce((first, each) => Math.min(first, each), Number.POSITIVE_INFINITY);
  const grow = (name: string, times: readonly number[]): Series => {
    const sorted = [...times].sort((a, b) => a - b);
    const every = Math.max(1, Math.floor(sorted.length / 150));
    const points = sorted.map((at, i): Point => [Math.max(0, at - opened) / 1000, i + 1]);
    return { name, points: [[0, 0], ...points.filter((_, i) => i % every === 0 || i === points.length - 1)] };
  };
  return [
    grow(
      'seats held',
      (answers.hold ?? []).map(([at]) => at),
    ),
    grow(
      'seats booked',
      (answers.confirm ?? []).map(([at]) => at),
    ),
    grow('told that all is gone', losersTold),
  ].filter(({ points }) => points.length > 1);
}

export const usesOverTime = (
  uses: readonly Use[],
  startedAt: number,
  values: (use: Use) => readonly number[],
): Series[] =>
  uses.map((use) => ({
    name: use.name,
    points: values(use).map((value, i): Point => [((use.at[i] as number) - startedAt) / 1000, value]),
  }));
