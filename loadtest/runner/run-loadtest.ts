/** One load test from the first process to the report. */
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeLogger } from '../../src/log.ts';
import { Line } from '../crowd/report.ts';
import { newJwtKeys } from '../shared/house.ts';
import { compareTruth } from './compare-truth.ts';
import type { K6 } from './find-k6.ts';
import { startHubUnderTest } from './hub-under-test.ts';
import { startK6 } from './k6-process.ts';
import { type LoadtestOptions, profileInWords } from './options.ts';
import { progress } from './progress.ts';
import { Recording } from './recording.ts';
import { makeReport, type Report } from './report.ts';
import { renderPage } from './report-page.ts';
import { Watch } from './resources.ts';
import { setScene } from './scene.ts';
import { joinScreens } from './screens.ts';
import { judge, readSummary } from './verdict.ts';

/** Points that a chart over the whole time has at most. */
const points = 120;
const finestMs = 1000;

export interface RunOptions extends LoadtestOptions {
  k6: K6;
  signal: AbortSignal;
  /** Where the report goes; by default a new folder in `.data/reports/`. */
  directory?: string;
  dataDir?: string;
}

/** Resolves with what came out; undefined: it was interrupted, and everything is stopped. */
export async function runLoadtest(options: RunOptions): Promise<Report | undefined> {
  const { scenario, profileName, profile, nodes, k6, signal } = options;
  const startedAt = new Date();
  const directory = resolve(options.directory ?? newDirectory(startedAt, scenario, profileName));
  mkdirSync(directory, { recursive: true });
  const line = new Line();
  line.say(`${scenario}, ${profileName}: ${profileInWords(profile)}; ${nodes} node${nodes > 1 ? 's' : ''}`);
  const log = makeLogger('warn', false, 'loadtest');
  const say = (text: string) => line.show(text);
  const jwtKeys = newJwtKeys();
  const totalMs = (profile.entrySeconds + profile.seconds) * 1000;
  const binMs = Math.max(finestMs, Math.ceil(totalMs / points / finestMs) * finestMs);
  const watch = new Watch(binMs);
  const hub = await startHubUnderTest({
    nodes,
    jwtKeys,
    logFile: join(directory, 'nodes.log'),
    log,
    say,
    ...(options.dataDir ? { dataDir: options.dataDir } : {}),
  }).catch((error: unknown) => {
    // Where a node did not start its log says why; otherwise there is nothing to keep.
    if (readdirSync(directory).length === 0) rmdirSync(directory);
    throw error;
  });
  const files = {
    tokens: join(directory, 'tokens.json'),
    text: join(directory, 'k6-summary.txt'),
    summary: join(directory, 'k6-summary.json'),
    log: join(directory, 'k6.log'),
  };
  const recording = new Recording();
  try {
    const { databaseUrl, urls, losses } = hub;
    const { seats, buyers } = profile;
    const { eventId, tokens } = await setScene({ databaseUrl, jwtKeys, log, say }, { seats, buyers });
    writeFileSync(files.tokens, JSON.stringify(tokens), { mode: 0o600 });
    if (signal.aborted) return undefined;

    const run = startK6(k6.command, options, {
      nodes: urls,
      eventId,
      files,
      journal: (each) => recording.add(each),
    });
    const stop = () => run.kill();
    signal.addEventListener('abort', stop);
    watch.follow({ ...hub.pids, k6: run.pid });
    const showing = setInterval(() => line.show(progress(profile, recording, watch.uses)), 500);
    const exitCode = await run.ended.finally(() => clearInterval(showing));
    signal.removeEventListener('abort', stop);
    if (signal.aborted) return undefined;
    watch.look();

    const problems = [...losses];
    // 99 says that thresholds were crossed, which the checks tell.
    if (exitCode !== 0 && exitCode !== 99)
      problems.push(`k6 ended with ${exitCode ?? 'a signal'}: see ${relative('', files.log)}`);
    // What was held when k6 left runs out later, and nothing else changes.
    if (losses.length === 0) problems.push(...(await compareTruth(hub, eventId)));
    const screens = joinScreens(recording, binMs);
    const summary = readSummary(files.summary);
    const checks = judge({ scenario, profile, summary, recording, screens });
    const report = await makeReport({
      ...{ scenario, profileName, profile, nodes, startedAt, binMs },
      ...{ k6Version: k6.version, problems, checks, recording, screens, uses: watch.uses },
    });
    writeFileSync(join(directory, 'report.json'), JSON.stringify(report, null, 2));
    writeFileSync(join(directory, 'report.html'), renderPage(report));
    for (const each of report.lines) line.say(each);
    line.say(`\n${relative('', join(directory, 'report.html'))}`);
    return report;
  } finally {
    watch.stop();
    line.show('stopping');
    rmSync(files.tokens, { force: true });
    await hub.stop();
    if (signal.aborted) rmSync(directory, { recursive: true, force: true });
    line.say(signal.aborted ? 'stopped' : '');
  }
}

function newDirectory(at: Date, scenario: string, profileName: string): string {
  const time = at.toISOString().slice(0, 19).replaceAll(':', '-');
  return join('.data/reports', `${time}-${scenario}-${profileName}`);
}
