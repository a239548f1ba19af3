/**
 * `npm run bench -- [question…] [--quick] [--profile]`: asks questions, answers them with numbers, and writes them into
 * `loadtest/RESULTS.md` with a chart beside each. Everything they need they start themselves, on the
 * loopback, and stop at the end. A quick run is for trying the bench out: fewer and shorter rounds, wider
 * spread. With `--profile` it draws where a node spends its time instead.
 */
import { parseArgs } from 'node:util';
import { mkdirSync, writeFileSync } from 'node:fs';
import { askAlerts } from './alerts.ts';
import { askBytes } from './bytes.ts';
import { askChanges } from './changes.ts';
import { askConfirms } from './confirms.ts';
import { askFanOut } from './fan-out.ts';
import { askHolds } from './holds.ts';
import { askHttp } from './http.ts';
import { askLatency } from './latency.ts';
import { askMemory } from './memory.ts';
import { askReconnect } from './reconnect.ts';
import { askScale } from './scale.ts';
import { flameGraph, readProfile } from './shared/flames.ts';
import { flamesOf, type Result, saveResult, textTable } from './shared/results.ts';
import { openStage, type Stage } from './shared/stage.ts';

/** A file each; the name is what the command line says. */
const questions: Record<string, (stage: Stage, quick: boolean) => Promise<Result>> = {
  'fan-out': askFanOut,
  changes: askChanges,
  latency: askLatency,
  memory: askMemory,
  holds: askHolds,
  confirms: askConfirms,
  bytes: askBytes,
  reconnect: askReconnect,
  scale: askScale,
  http: askHttp,
  alerts: askAlerts,
};

const usage = `npm run bench -- [question…] [--quick] [--profile]

  ${Object.keys(questions).join(', ')}; all of them if none is named

  --quick     a minute or less each instead of three or four; for trying the bench out
  --profile   draws where a node spends its CPU time instead of keeping the numbers`;

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  const names = positionals.length > 0 ? positionals : Object.keys(questions);
  const unknown = names.filter((name) => !Object.hasOwn(questions, name));
  if (values.help) {
    console.log(usage);
    return;
  }
  if (unknown.length > 0) return complain(`There is no question "${unknown[0]}".`);
  for (const name of names) await answer(name, values);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    complain((error as Error).message);
    process.exit();
  }
}

function complain(sentence: string): void {
  console.error(`${sentence}\n\n${usage}`);
  process.exitCode = 2;
}

/** Each on a stage of its own: nothing that another one left may count. */
async function answer(name: string, { quick, profile }: { quick: boolean; profile: boolean }): Promise<void> {
  const ask = questions[name] as (typeof questions)[string];
  const stage = await openStage(profile);
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    stage.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    if (stage.profiles) mkdirSync(stage.profiles, { recursive: true });
    const result = await ask(stage, quick || profile);
    stage.line.say(`\n${result.title}\n\n${textTable(result.table)}\n\n${result.answer}\n`);
    if (stage.profiles) {
      drawFlames(name, result, stage.profiles);
      return;
    }
    // What a quick run finds must not take the place of what a whole one has found.
    if (quick) return;
    const command = `npm run bench -- ${name}`;
    for (const file of await saveResult(name, result, { command, stage })) console.log(`written: ${file}`);
  } catch (error) {
    // What loses its server now has nothing more to say.
    if (!interrupted) throw error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await stage.close();
  }
}

/** Whoever is being profiled is slower: its numbers are shown and not kept. */
function drawFlames(name: string, { title }: Result, folder: string): void {
  const profile = readProfile(folder);
  if (!profile) {
    console.log('no node of ours took part, so there is no profile');
    return;
  }
  writeFileSync(flamesOf(name), flameGraph(profile, `${title} Where a node spends its CPU time`));
  console.log(`written: ${flamesOf(name)}`);
}

await main();
