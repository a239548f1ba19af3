/**
 * `npm run loadtest -- <scenario>`: plays a scenario with k6 against a hub of its own, says how it goes, writes a
 * report, and stops everything it started. Exit code 0: all thresholds held; 99, as k6's: not all; 1: it broke;
 * 2: wrong use; 130: Ctrl-C.
 */
import { findK6, howToGetK6 } from './find-k6.ts';
import { readOptions, UsageError, usage } from './options.ts';
import { runLoadtest } from './run-loadtest.ts';

const exits = { held: 0, broke: 1, usage: 2, crossed: 99, interrupted: 130 } as const;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(usage());
    return exits.held;
  }
  const k6 = findK6();
  if (!k6) throw new UsageError(howToGetK6);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const outcome = await runLoadtest({ ...options, k6, signal: interrupt.signal });
  if (!outcome) return exits.interrupted;
  if (outcome.problems.length > 0) return exits.broke;
  return outcome.checks.every(({ ok }) => ok) ? exits.held : exits.crossed;
}

try {
  process.exitCode = await main();
} catch (error) {
  // What the services say is for people as well, such as that another run is under way.
  const forPeople = error instanceof UsageError || (error instanceof Error && error.constructor === Error);
  console.error(forPeople ? error.message : error);
  process.exitCode = error instanceof UsageError ? exits.usage : exits.broke;
}
