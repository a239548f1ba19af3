/**
 * Breaks a running hub, again and again, and checks after each time that nothing was sold twice, lost or
 * made up: `node test/chaos/run.ts --help`. Ends with 1 if anything was. A seed repeats what is chosen, not
 * how the processes are scheduled: a violation that depends on a moment may take several injections to show.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterwards } from './afterwards.ts';
import { tellFinding } from './checks/evidence.ts';
import { Scene } from './crowd/scene.ts';
import type { Fault } from './faults/fault.ts';
import { History } from './history.ts';
import { type Options, readOptions, usage } from './options.ts';
import { seeded } from './random.ts';
import { type RoundResult, runRound, ticketHolders } from './round.ts';
import { setStage, type Stage } from './stage/stage.ts';
import { progressOf, summaryOf } from './summary.ts';

const historyFolder = '.data/chaos';

async function main(): Promise<boolean> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return true;
  }
  const options = readOptions(process.argv.slice(2));
  const stage = await setStage(seeded(options.seed));
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one does not wait for the round to end.
      if (interrupted) void stage.stop().finally(() => process.exit(1));
      interrupted = true;
    });
  }
  try {
    const faults = possible(options, stage);
    if (options.list) return true;
    const scene = new Scene(stage.postgres);
    await scene.open(options.buyers + 1 + ticketHolders);
    const results: RoundResult[] = [];
    for (const { fault, seed } of schedule(options, faults)) {
      if (interrupted) break;
      await stage.redis.compact();
      let result = await runRound({ ...options, stage, scene, fault, seed });
      console.log(progressOf(result));
      if (isOnlyLate(result)) {
        console.log('  nothing but a time bound was missed, as a busy machine does: once more');
        result = await runRound({ ...options, stage, scene, fault, seed });
        console.log(progressOf(result));
      }
      report(result, options);
      results.push(slim(result));
    }
    const afterwards = await checkAfterwards(stage, results);
    for (const sentence of afterwards) console.log(sentence);
    console.log(`\n${summaryOf(results)}`);
    return afterwards.length === 0 && results.every(({ findings }) => findings.length === 0);
  } finally {
    await stage.stop();
  }
}

/** What is lost, made up or sold twice is never put down to the machine. */
const isOnlyLate = ({ findings }: RoundResult): boolean =>
  findings.length > 0 && findings.every(({ check }) => check === 'C10');

/** Says which faults this machine cannot do, and why. */
function possible({ faults, list }: Options, stage: Stage): Fault[] {
  return faults.filter((fault) => {
    const why = fault.missing?.(stage);
    if (list || why) console.log(`${fault.id}  ${fault.title}${why ? `: not done here, ${why}` : ''}`);
    return !why;
  });
}

function* schedule(options: Options, faults: Fault[]): Generator<{ fault: Fault; seed: number }> {
  const { seed, injections, soakMinutes } = options;
  if (soakMinutes > 0) {
    const random = seeded(seed);
    const end = performance.now() + soakMinutes * 60_000;
    for (let i = 0; performance.now() < end; i++) yield { fault: random.pick(faults), seed: seed + i };
    return;
  }
  for (let i = 0; i < injections; i++) for (const fault of faults) yield { fault, seed: seed + i };
}

/** What contradicts what, where the whole history is, and how to do it again. */
function report(result: RoundResult, { keep, long }: Options): void {
  const { fault, seed, findings, history } = result;
  if (findings.length === 0 && !keep) return;
  mkdirSync(historyFolder, { recursive: true });
  const file = join(historyFolder, `${fault.id}-seed-${seed}-${process.pid}.jsonl`);
  history.save(file);
  if (findings.length === 0) return;
  for (const finding of findings.slice(0, 10)) console.log(`  ${tellFinding(finding)}`);
  if (findings.length > 10) console.log(`  and ${findings.length - 10} more`);
  console.log(`  history: ${file}`);
  console.log(`  again: node test/chaos/run.ts --fault ${fault.id} --seed ${seed}${long ? ' --long' : ''}`);
}

/** Of thousands of rounds only what is looked at once more can be kept. */
function slim(result: RoundResult): RoundResult {
  const { rest, excuse, ops } = result.evidence;
  const decisions = ops.filter((op) => op.f === 'confirm' || op.f === 'cancel');
  return {
    ...result,
    history: new History(),
    evidence: { ops: decisions, views: [], excuse, rest: { ...rest, log: [] } },
  };
}

main().then(
  (allRight) => process.exit(allRight ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error && error.constructor === Error ? error.message : error);
    process.exit(1);
  },
);
