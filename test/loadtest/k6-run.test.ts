import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findK6, howToGetK6, type K6 } from '../../loadtest/runner/find-k6.ts';
import { runLoadtest } from '../../loadtest/runner/run-loadtest.ts';

const k6 = findK6();
if (!k6) console.warn(`The load test itself is skipped. ${howToGetK6}`);

test.skipIf(!k6)(
  'a short sale sells every seat once, every map is right, and the report says so',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seatcast-loadtest-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const report = await runLoadtest({
      scenario: 'on-sale',
      profileName: 'smoke',
      profile: { viewers: 10, buyers: 20, seats: 5, entrySeconds: 1, seconds: 20 },
      nodes: 2,
      k6: k6 as K6,
      signal: AbortSignal.timeout(100_000),
      directory: join(directory, 'report'),
      dataDir: `.data/test-loadtest-${process.pid}`,
    });
    onTestFinished(() => rmSync(`.data/test-loadtest-${process.pid}`, { recursive: true, force: true }));
    expect(report?.problems).toEqual([]);
    // How long things take is not asked on a machine that does other things as well.
    expect(report?.checks.filter(({ ok, unit }) => !ok && unit === '')).toEqual([]);
    expect(report?.counts).toMatchObject({ in: 30, sold: 5, soldTwice: 0, bookings: 5, compared: 30 });
    expect(report?.losers?.count).toBe(15);
    expect(report?.screens.changes).toBe(5);
    expect(report?.answers.every(({ p50, p99 }) => p50 >= 0 && p99 < 60_000)).toBe(true);
    expect(existsSync(join(directory, 'report', 'tokens.json'))).toBe(false);
    expect(readFileSync(join(directory, 'report', 'report.html'), 'utf8')).toContain('5 of 5');
  },
  120_000,
);
