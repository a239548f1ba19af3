/**
 * A few of the runs that `run.ts` makes by the thousand: the hub on simulated services, with whatever can go wrong,
 * breaks none of its promises, and each fault that is planted is found.
 */
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { type RunResult, simulate } from './world.ts';

const seeds = Number(process.env.SIMULATION_SEEDS || 120);
/** Where a planted fault is found at the latest, when the code has changed and its seed finds it no more. */
const within = 400;

test('nothing that is promised is broken, whatever goes wrong', async () => {
  const total = { bookings: 0, acknowledged: 0, cancelled: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, bookings, acknowledged, cancelled } = await simulate(seed);
    expect(violations, `npm run simulate -- --replay ${seed}`).toEqual([]);
    total.bookings += bookings;
    total.acknowledged += acknowledged;
    total.cancelled += cancelled;
  }
  // A hub that sells nothing breaks nothing.
  expect(total.bookings).toBeGreaterThan(seeds * 3);
  expect(total.acknowledged).toBeGreaterThan(seeds * 3);
  expect(total.cancelled).toBeGreaterThan(seeds);
}, 300_000);

test('one seed is one run', async () => {
  const runs: RunResult[] = [];
  for (const seed of [3, 3, 4]) runs.push(await simulate(seed));
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]?.hash).not.toBe(runs[0]?.hash);
}, 60_000);

describe('a planted fault is found', () => {
  test.each(mutants)(
    '$name: $says',
    async (mutant) => {
      const tried = [mutant.seed, ...Array.from({ length: within }, (_, n) => n + 1)];
      for (const seed of tried) {
        const { violations } = await simulate(seed, mutant);
        if (violations.length > 0) return;
      }
      expect.fail(`not within ${within} seeds`);
    },
    300_000,
  );
});
