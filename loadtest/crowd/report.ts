/** What the crowd shows: one line while it runs, one table at the end. */
import type { Latency } from './latency.ts';
import { percentile, type Tally } from './tally.ts';
import type { Viewer } from './viewers.ts';

const plainEveryMs = 5000;

/** One line that is written over on a terminal; elsewhere a line now and then. */
export class Line {
  readonly #out = process.stdout;
  #plainAt = 0;

  show(text: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[2K${text.slice(0, this.#out.columns - 1)}`);
    } else if (performance.now() - this.#plainAt >= plainEveryMs || this.#plainAt === 0) {
      this.#plainAt = performance.now();
      this.#out.write(`${text}\n`);
    }
  }

  /** A line that stays. */
  say(text: string): void {
    this.#out.write(this.#out.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
    this.#plainAt = 0;
  }
}

const ms = (value: number): string =>
  Number.isNaN(value) ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const pair = (values: number[]): string => `${ms(percentile(values, 0.5))} / ${ms(percentile(values, 0.99))}`;
const count = (value: number): string => value.toLocaleString('en');

export function progress(
  seconds: number,
  of: number,
  parts: { tally: Tally; latency: Latency; viewers: Viewer[] },
): string {
  const { tally, latency, viewers } = parts;
  const connected = viewers.filter(({ client }) => client.state === 'connected').length;
  return [
    `${String(seconds).padStart(3)}/${of} s`,
    `${count(connected)} watching`,
    `${count(tally.holds)} holds`,
    `${count(tally.conflicts)} conflicts`,
    `${count(tally.bookings)} booked`,
    `${count(tally.cancellations)} cancelled`,
    `${count(tally.frames)} frames`,
    `on the last screen after ${pair(latency.last.slice(-200))}`,
  ].join(' · ');
}

export interface Outcome {
  tally: Tally;
  latency: Latency;
  viewers: Viewer[];
  seconds: number;
  wrongMaps: number;
  lostBookings: number;
}

/** Also says whether all that must be true is. */
export function summary(outcome: Outcome): { text: string; ok: boolean } {
  const { tally, latency, viewers, seconds, wrongMaps, lostBookings } = outcome;
  const sum = (name: 'ticks' | 'gaps' | 'snapshots' | 'catchUps') =>
    viewers.reduce((total, { map }) => total + map.counts[name], 0);
  // Every map was loaded once when its viewer came in.
  const resyncs = sum('snapshots') + sum('catchUps') - viewers.length;
  const failures = [...tally.failures].map(([code, times]) => `${code} ${times}`).join(', ') || 'none';
  const mustBeZero = (value: number) => `${value}${value === 0 ? '' : '   MUST BE 0'}`;
  const rows: [string, string][] = [
    ['holds', `${count(tally.holds)} (${count(tally.seatsHeld)} seats)`],
    ['conflicts (seats taken meanwhile)', count(tally.conflicts)],
    ['extensions, releases', `${count(tally.extensions)}, ${count(tally.releases)}`],
    ['bookings', count(tally.bookings)],
    ['cancellations', count(tally.cancellations)],
    ['other refusals', failures],
    [
      'frames to viewers and buyers',
      `${count(tally.frames)} (${count(Math.round(tally.frames / seconds))} a second)`,
    ],
    ['ticks per viewer per second', (sum('ticks') / viewers.length / seconds).toFixed(1)],
    ['gaps, resyncs', `${count(sum('gaps'))}, ${count(resyncs)}`],
    ['hold answered, p50 / p99', pair(tally.holdMs)],
    ['accepted to the typical screen, p50 / p99', pair(latency.typical)],
    ['accepted to the last screen, p50 / p99', pair(latency.last)],
    ['changes not seen by all', mustBeZero(latency.underWay)],
    ['wrong maps at the end', mustBeZero(wrongMaps)],
    ['seats sold twice', mustBeZero(tally.doubleSold.size)],
    ['bookings lost', mustBeZero(lostBookings)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const text = rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`).join('\n');
  return { text, ok: wrongMaps === 0 && tally.doubleSold.size === 0 && lostBookings === 0 };
}
