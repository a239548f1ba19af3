/** Whether what had to hold did: what k6 says of its thresholds, and what only the whole recording shows. */
import { readFileSync } from 'node:fs';
import { percentile } from '../crowd/tally.ts';
import { type Profile, type ScenarioName, thresholdsOf } from '../k6/profiles.ts';
import type { Recording } from './recording.ts';
import { doubts, type Screens } from './screens.ts';

export interface Check {
  what: string;
  /** e.g. "p(99)<1000" */
  limit: string;
  /** NaN: it was not measured, which is a failure. */
  found: number;
  unit: '' | 'ms';
  ok: boolean;
}

/** As `--summary-export` writes it; true at a threshold says that it was crossed. */
export interface K6Summary {
  metrics: Record<string, Record<string, number> & { thresholds?: Record<string, boolean> }>;
}

const words: Record<string, string> = {
  visitors_in: 'people who came in',
  maps_compared: 'maps compared with a fresh one at the end',
  maps_wrong: 'wrong maps at the end',
  seats_sold: 'seats sold',
  seats_sold_twice: 'seats sold twice',
  bookings_lost: 'bookings confirmed but not listed',
  requests_failed: 'requests that failed',
  holds: 'holds',
  bookings: 'bookings',
  connections_lost: 'connections lost',
  returns: 'maps right again after a cut',
  answer_watch: 'watch answered',
  answer_hold: 'hold answered',
  answer_refusal: 'hold refused, as the seat is taken',
  answer_confirm: 'confirm answered',
  answer_cancel: 'cancel answered',
  map_right_again: 'map right again after a cut',
};

/** undefined: k6 did not come so far. */
export function readSummary(file: string): K6Summary | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as K6Summary;
  } catch {
    return undefined;
  }
}

export function judge(options: {
  scenario: ScenarioName;
  profile: Profile;
  summary: K6Summary | undefined;
  recording: Recording;
  screens: Screens;
}): Check[] {
  const { scenario, profile, summary, recording, screens } = options;
  const { k6, overall } = thresholdsOf(scenario, profile);
  const checks = Object.entries(k6).flatMap(([metric, limits]) =>
    limits.map((limit) => checkK6(metric, limit, summary?.metrics[metric])),
  );
  checks.push(within('a change on the screens', screens.all.percentile(0.99), overall.screenP99Ms));
  if (overall.loserToldP99Ms !== undefined && profile.buyers > profile.seats) {
    const told = percentile(doubts(recording), 0.99);
    checks.push(within('those without a seat told, after the last was gone', told, overall.loserToldP99Ms));
  }
  return checks;
}

function checkK6(metric: string, limit: string, values: K6Summary['metrics'][string] | undefined): Check {
  const key = limit.split(/[<>=]/)[0] as string;
  const found = values?.[key] ?? Number.NaN;
  // To k6 a time that was never measured is one of 0 ms.
  const measured = values !== undefined && (key === 'count' || (values.count ?? 0) > 0);
  return {
    what: words[metric] ?? metric,
    limit,
    found: measured ? found : Number.NaN,
    unit: key === 'count' ? '' : 'ms',
    ok: measured && values.thresholds?.[limit] === false,
  };
}

const within = (what: string, found: number, limitMs: number): Check => ({
  what,
  limit: `p(99)<${limitMs}`,
  found,
  unit: 'ms',
  ok: found < limitMs,
});
