/**
 * `npm run bench -- <question> [--quick]`: asks one question, answers it with numbers, and writes them into
 * `loadtest/RESULTS.md` with a chart beside it. Everything it needs it starts itself, on the loopback, and
 * stops at the end. A quick run is for trying the bench out: fewer and shorter rounds, wider spread.
 */
import { parseArgs } from 'node:util';
import { askConfirms } from './confirms.ts';
import { type Result, saveResult, textTable } from './shared/results.ts';
import { openStage, type Stage } from './shared/stage.ts';

/** A file each; the name is what the command line says. */
const questions: Record<string, (stage: Stage, quick: boolean) => Promise<Result>> = {
  confirms: askConfirms,
};

const usage = `npm run bench -- <question> [--quick], where the question is ${Object.keys(questions).join(', ')}.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  });
  const [name = ''] = positionals;
  const ask = questions[name];
  if (!ask || positionals.length > 1) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const stage = await openStage();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    stage.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const result = await ask(stage, values.quick);
    stage.line.say(`\n${result.title}\n\n${textTable(result.table)}\n\n${result.answer}\n`);
    const command = `npm run bench -- ${name}${values.quick ? ' --quick' : ''}`;
    for (const file of await saveResult(name, result, { command, stage })) console.log(`written: ${file}`);
  } catch (error) {
    // What loses its server now has nothing more to say.
    if (!interrupted) throw error;
  } finally {
    await stage.close();
  }
}

await main();
