/**
 * What the visitors of a VU measure: as k6's own metrics, for the summary and the thresholds, and, if JOURNAL is set,
 * once a second as a line of JSON on the console, for whoever wants to see how it went over time or to join what VUs
 * saw.
 *
 * Times are ms since the test began, by one clock that all VUs share. What comes from the hub has the time at which k6
 * took it from the network: a busy VU gets to it later, which says something about k6 and nothing about the hub.
 */
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import type { AnswerName, CountName, JournalLine } from './journal-line.ts';

const answers: Record<AnswerName, Trend> = {
  watch: new Trend('answer_watch', true),
  hold: new Trend('answer_hold', true),
  refusal: new Trend('answer_refusal', true),
  release: new Trend('answer_release', true),
  confirm: new Trend('answer_confirm', true),
  cancel: new Trend('answer_cancel', true),
  list: new Trend('answer_list', true),
  return: new Trend('map_right_again', true),
};
const counters: Record<CountName, Counter> = {
  in: new Counter('visitors_in'),
  holds: new Counter('holds'),
  conflicts: new Counter('conflicts'),
  bookings: new Counter('bookings'),
  cancellations: new Counter('cancellations'),
  gaps: new Counter('gaps_healed'),
  lost: new Counter('connections_lost'),
  returns: new Counter('returns'),
  failed: new Counter('requests_failed'),
  compared: new Counter('maps_compared'),
  wrong: new Counter('maps_wrong'),
  bookingsLost: new Counter('bookings_lost'),
  sold: new Counter('seats_sold'),
  soldTwice: new Counter('seats_sold_twice'),
};

const flushEveryMs = 1000;

let instance: typeof exec.instance | undefined;

/** ms since the test began. */
export function elapsed(): number {
  // Made anew every time it is asked for.
  instance ??= exec.instance;
  return instance.currentTestRunDuration;
}

/** The wall clock when the test began. */
let beganAt = Number.NaN;

/** `Date.now()` knows whole ms: the moment at which it changes is known better. */
function findBeginning(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now - elapsed();
}

/** What the wall clock says, as ms since the test began. */
export const sinceBeginning = (wallMs: number): number => wallMs - beganAt;

/** Resolves at a moment of the test; all VUs have the same. */
export const at = (ms: number): Promise<void> => pause(ms - elapsed());

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

let line: JournalLine = {};
let flushing: ReturnType<typeof setInterval> | undefined;

/** Lines are written from here until `closeJournal`. */
export function openJournal(): void {
  beganAt = findBeginning();
  line.startedAt = Math.round(beganAt);
  flushing = setInterval(flush, flushEveryMs);
}

export function closeJournal(): void {
  clearInterval(flushing);
  flush();
}

function flush(): void {
  if (__ENV.JOURNAL && Object.keys(line).length > 0) console.log(JSON.stringify(line));
  line = {};
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

/** An answer that came at one moment and was awaited since another. */
export function answered(name: AnswerName, askedAt: number, at: number): void {
  // Two clocks that agree to some hundredths of a ms.
  const ms = Math.max(0, at - askedAt);
  answers[name].add(ms);
  line.answers ??= {};
  line.answers[name] ??= [];
  line.answers[name].push([rounded(at), rounded(ms)]);
}

export function count(name: CountName, by = 1): void {
  counters[name].add(by);
  line.counts ??= {};
  line.counts[name] = (line.counts[name] ?? 0) + by;
}

/** Something that was not to fail did. */
export function failed(what: string): void {
  count('failed');
  line.failures ??= {};
  line.failures[what] = (line.failures[what] ?? 0) + 1;
}

/** The hub has accepted a change: its answer came then. */
export function accepted(epoch: string, position: number, at: number): void {
  line.accepted ??= [];
  line.accepted.push([epoch, position, rounded(at)]);
}

/** A screen that showed the map at `from` shows it at `to`. */
export function moved(epoch: string, from: number, to: number, at: number): void {
  line.moved ??= {};
  const key = `${epoch} ${from} ${to}`;
  line.moved[key] ??= [];
  line.moved[key].push(rounded(at));
}

/** Someone who got nothing knows it. */
export function toldLoser(at: number): void {
  line.losersTold ??= [];
  line.losersTold.push(rounded(at));
}
