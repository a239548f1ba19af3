/** What came out of a run, as data: what `report.json` holds and the page shows. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { percentile } from '../crowd/tally.ts';
import type { AnswerName } from '../k6/journal-line.ts';
import type { Profile, ProfileName, ScenarioName } from '../k6/profiles.ts';
import {
  answersOverTime,
  ratesOverTime,
  returnsOverTime,
  type Series,
  screensOverTime,
  theSale,
  usesOverTime,
} from './over-time.ts';
import type { Recording } from './recording.ts';
import { growthPerHour, type Use } from './resources.ts';
import { doubts, type Screens } from './screens.ts';
import type { Check } from './verdict.ts';

export interface Spread {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}
export interface Report {
  scenario: ScenarioName;
  profileName: ProfileName;
  profile: Profile;
  nodes: number;
  startedAt: string;
  machine: Record<string, string>;
  /** What broke, in sentences. */
  problems: string[];
  checks: Check[];
  ok: boolean;
  counts: Recording['counts'];
  failures: Record<string, number>;
  answers: ({ name: AnswerName; what: string } & Spread)[];
  /** ms from the acceptance of a change to each of the screens that are measured. */
  screens: Spread & { changes: number; distribution: { upToMs: (number | null)[]; counts: number[] } };
  /** ms in doubt, of those who got no seat. */
  losers: Spread | null;
  overTime: {
    screens: Series[];
    answersP99: Series[];
    returns: Series[];
    perSecond: Series[];
    sale: Series[];
    cores: Series[];
    megabytes: Series[];
  };
  /** Of memory, in megabytes an hour, from half the time on. */
  growth: Record<string, number>;
  /** The same in a few lines of text. */
  lines: string[];
}

const answerWords: Record<AnswerName, string> = {
  watch: 'watch',
  hold: 'hold',
  refusal: 'hold, refused: the seat is taken',
  release: 'release',
  confirm: 'confirm',
  cancel: 'cancel',
  list: 'list bookings',
  return: 'map right again after a cut',
};
const distributionMs = [5, 10, 20, 40, 60, 80, 120, 200, 400, 1000];

export async function makeReport(parts: {
  scenario: ScenarioName;
  profileName: ProfileName;
  profile: Profile;
  nodes: number;
  startedAt: Date;
  binMs: number;
  k6Version: string;
  problems: string[];
  checks: Check[];
  recording: Recording;
  screens: Screens;
  uses: readonly Use[];
}): Promise<Report> {
  const { recording, screens, checks, problems, binMs, uses } = parts;
  const answers = (Object.keys(answerWords) as AnswerName[]).flatMap((name) => {
    const list = recording.answers[name];
    return list ? [{ name, what: answerWords[name], ...spreadOf(list.map(([, ms]) => ms)) }] : [];
  });
  const loserMs = doubts(recording);
  const report: Report = {
    scenario: parts.scenario,
    profileName: parts.profileName,
    profile: parts.profile,
    nodes: parts.nodes,
    startedAt: parts.startedAt.toISOString(),
    machine: machine(parts.k6Version),
    problems,
    checks,
    ok: problems.length === 0 && checks.every(({ ok }) => ok),
    counts: recording.counts,
    failures: recording.failures,
    answers,
    screens: {
      count: screens.all.count,
      changes: screens.changes,
      p50: screens.all.percentile(0.5),
      p90: screens.all.percentile(0.9),
      p99: screens.all.percentile(0.99),
      max: screens.all.max,
      distribution: { upToMs: [...distributionMs, null], counts: screens.all.under(distributionMs) },
    },
    losers: loserMs.length > 0 ? spreadOf(loserMs) : null,
    overTime: {
      screens: screensOverTime(screens, binMs),
      answersP99: answers
        .filter(({ name }) => name !== 'return')
        .map(({ name, what }) => ({
          name: what,
          points: answersOverTime(recording.answers[name] ?? [], binMs, 0.99),
        })),
      returns: returnsOverTime(recording, binMs),
      perSecond: ratesOverTime(recording, binMs),
      sale: parts.scenario === 'on-sale' ? theSale(recording) : [],
      cores: usesOverTime(uses, recording.startedAt, ({ cores }) => cores),
      megabytes: usesOverTime(uses, recording.startedAt, ({ rss }) => rss.map((bytes) => bytes / 1e6)),
    },
    growth: Object.fromEntries(
      uses.map(({ name, at, rss }) => {
        const half = Math.floor(at.length / 2);
        return [name, growthPerHour(at.slice(half), rss.slice(half)) / 1e6];
      }),
    ),
    lines: [],
  };
  report.lines = inLines(report);
  return report;
}

const spreadOf = (values: readonly number[]): Spread => ({
  count: values.length,
  p50: percentile(values, 0.5),
  p90: percentile(values, 0.9),
  p99: percentile(values, 0.99),
  max: values.reduce((most, each) => Math.max(most, each), 0),
});

function machine(k6Version: string): Record<string, string> {
  const [cpu] = cpus();
  return {
    processor: `${cpus().length} × ${cpu?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
    'load before': loadBefore(),
    'Node.js': process.versions.node,
    k6: k6Version,
    commit: commit(),
  };
}

function loadBefore(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ')[2] ?? '';
  } catch {
    return 'unknown';
  }
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ', changed' : '');
  } catch {
    return 'unknown';
  }
}

export const inMs = (ms: number): string =>
  Number.isNaN(ms) ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;

export const inWords = ({ found, unit }: Check): string =>
  Number.isNaN(found) ? 'not measured' : unit === 'ms' ? inMs(found) : found.toLocaleString('en');

function inLines({ problems, checks, screens, answers, failures }: Report): string[] {
  const width = Math.max(...checks.map(({ what }) => what.length));
  return [
    '',
    ...checks.map(
      (check) =>
        `  ${check.ok ? '✓' : '✗'} ${check.what.padEnd(width)}  ${inWords(check).padStart(12)}   ${check.limit}`,
    ),
    '',
    `  on the screens (${screens.changes} changes): ${inMs(screens.p50)} half, ${inMs(screens.p99)} 99 %, ${inMs(screens.max)} last`,
    ...answers.map(
      ({ what, count, p50, p99 }) => `  ${what}: ${count}, ${inMs(p50)} half, ${inMs(p99)} 99 %`,
    ),
    ...Object.entries(failures).map(([what, times]) => `  failed: ${what} ${times}`),
    ...problems.map((problem) => `  ${problem}`),
  ];
}
