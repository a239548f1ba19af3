/**
 * Runs seeds. `npm run simulate -- --seeds 20000 [--from 1] [--mutant M7]` tries many and ends with 1 at a violation;
 * `--replay SEED [--verbose]` tells the story of one; `--mutants` tries every planted fault until it is found, within
 * so many seeds.
 */
import { parseArgs } from 'node:util';
import type { Mutant } from './mutants/mutant.ts';
import { mutants } from './mutants.ts';
import { storyOf } from './story.ts';
import { type RunResult, simulate } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    replay: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const [seeds, from] = [Number(values.seeds), Number(values.from)];
const mutant = mutants.find(({ name }) => name === values.mutant);
if (values.mutant && !mutant) {
  throw new Error(`There is no ${values.mutant}, but ${mutants.map(({ name }) => name).join(' ')}`);
}

if (values.replay) await replay(Number(values.replay));
else if (values.mutants) await tryMutants();
else await run();

async function replay(seed: number): Promise<void> {
  const lines: string[] = [];
  const result = await simulate(seed, mutant, (line) => lines.push(line));
  console.log((values.verbose ? lines : storyOf(lines, result.violations)).join('\n'));
  console.log(summary(result));
  if (result.violations.length > 0) process.exitCode = 1;
}

function summary({ seed, steps, hash, violations, ...counts }: RunResult): string {
  const { bookings, acknowledged, cancelled } = counts;
  return [
    `seed ${seed}: ${steps} steps, ${bookings} bookings, ${acknowledged} told, ${cancelled} cancelled, hash ${hash}`,
    ...violations.map(({ invariant, story, at }) => `${invariant} after ${Math.round(at)} ms: ${story}`),
  ].join('\n');
}

async function run(): Promise<void> {
  const started = performance.now();
  const found = new Map<string, number[]>();
  const total = { steps: 0, bookings: 0, acknowledged: 0, cancelled: 0 };
  let toldAt = started;
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await simulate(seed, mutant);
    total.steps += result.steps;
    total.bookings += result.bookings;
    total.acknowledged += result.acknowledged;
    total.cancelled += result.cancelled;
    for (const { invariant } of result.violations) {
      found.set(invariant, [...(found.get(invariant) ?? []), seed]);
    }
    if (result.violations.length > 0 && found.size > 0 && [...found.values()].flat().length <= 3) {
      const lines: string[] = [];
      await simulate(seed, mutant, (line) => lines.push(line));
      console.log(storyOf(lines, result.violations).join('\n'));
      console.log(summary(result));
      console.log(`again: ${command(seed)}\n`);
    }
    if (performance.now() - toldAt > 10_000) {
      toldAt = performance.now();
      console.log(`${seed - from + 1} of ${seeds} seeds, ${seconds(started)} s`);
    }
  }
  console.log(`${seeds} seeds from ${from} in ${seconds(started)} s:`, total);
  for (const [invariant, bad] of found) {
    console.log(`${invariant}: ${bad.length} seeds, ${bad.slice(0, 10).join(' ')}`);
  }
  console.log(found.size === 0 ? 'no violation' : 'VIOLATED');
  if (found.size > 0) process.exitCode = 1;
}

/** How soon each planted fault is found. One that is not is a hole in the monitors. */
async function tryMutants(): Promise<void> {
  for (const each of mutants) {
    const { seed, broken } = await firstFound(each);
    console.log(
      `${each.name.padEnd(4)} ${seed === undefined ? 'NOT FOUND' : `seed ${seed}`}: ${broken}; ${each.says}`,
    );
    if (seed === undefined) process.exitCode = 1;
  }
}

async function firstFound(planted: Mutant): Promise<{ seed: number | undefined; broken: string }> {
  for (let seed = from; seed < from + seeds; seed++) {
    const { violations } = await simulate(seed, planted);
    if (violations.length > 0)
      return { seed, broken: violations.map(({ invariant }) => invariant).join(' ') };
  }
  return { seed: undefined, broken: '' };
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

function command(seed: number): string {
  return `npm run simulate -- ${mutant ? `--mutant ${mutant.name} ` : ''}--replay ${seed} --verbose`;
}
