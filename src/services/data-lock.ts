import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startedAt } from './processes.ts';

/** What the lock file says: who holds it, and when that process started, since pids are given out again. */
interface Holder {
  pid: number;
  started: string;
}

const ATTEMPTS = 20;

/**
 * Takes the data directory for this process, so that two hubs do not run servers on the same files. Returns
 * the release. Throws one sentence naming the process that has it; a lock left by a dead hub is taken over.
 *
 * The lock is a file made by link(), which is atomic and comes with its content; Node has no flock().
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'hub.lock');
  const mine: Holder = { pid: process.pid, started: startedAt(process.pid) ?? '' };
  const text = JSON.stringify(mine);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await createWhole(file, text)) return () => release(file, text);
    const held = await readFile(file, 'utf8').catch(() => undefined);
    if (held === undefined) continue; // Released between the two calls.
    const holder = parseHolder(held);
    if (holder && startedAt(holder.pid) === holder.started) {
      throw new Error(
        `Another hub (process ${holder.pid}) is using the data directory ${dataDir}: ` +
          'stop it first, or give this one another data directory.',
      );
    }
    await removeStale(file, held);
  }
  throw new Error(`The lock ${file} changes hands all the time: remove it when no hub is running.`);
}

async function createWhole(file: string, text: string): Promise<boolean> {
  const half = temporaryName(file);
  await writeFile(half, text);
  try {
    await link(half, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(half, { force: true });
  }
}

/**
 * Two hubs may find the same stale lock, and the slower one must not remove the new lock of the faster. Of two
 * renames only one finds the stale file; who has moved away anything else puts it back.
 */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = temporaryName(file);
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function release(file: string, text: string): Promise<void> {
  const held = await readFile(file, 'utf8').catch(() => undefined);
  if (held === text) await rm(file, { force: true });
}

/** Not named like what removeLeftovers takes away: another hub may be about to link it. */
function temporaryName(file: string): string {
  return `${file}.try-${randomBytes(4).toString('hex')}`;
}

/** Undefined for anything that no hub has written, which is then stale. */
function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, started } = value as Partial<Record<keyof Holder, unknown>>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}
