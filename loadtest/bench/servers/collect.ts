/** Forced collections, for a process that was started with `--expose-gc`. */
import { setTimeout as sleep } from 'node:timers/promises';

const times = 4;
/** Finalizers run between two collections, and what they let go of goes with the next. */
const pauseMs = 50;

/** @returns what is left */
export async function collect(): Promise<NodeJS.MemoryUsage> {
  const { gc } = globalThis;
  if (!gc) throw new Error('this process was started without --expose-gc');
  for (let i = 0; i < times; i++) {
    // A plain one keeps pages for what may come; ours would take in thousands of viewers without growing.
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await sleep(pauseMs);
  }
  return process.memoryUsage();
}
