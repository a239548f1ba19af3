import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecret } from './data-dir.ts';
import { embeddedUrl } from './postgres.ts';
import { startedAt } from './processes.ts';

/**
 * The address, with its password, of the embedded PostgreSQL that a hub runs on a data directory right now;
 * undefined: none runs there. What is not allowed to this user is an error.
 */
export async function runningPostgres(dataDir: string): Promise<string | undefined> {
  try {
    const directory = await realpath(dataDir);
    // Its process, directory, time of start and port, a line each; the eighth says when clients may connect.
    const lines = (await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
    const password = await readSecret(join(directory, 'postgres-password'));
    const isRunning = lines[7]?.trim() === 'ready' && startedAt(Number(lines[0])) !== undefined;
    return isRunning && password ? embeddedUrl(password, Number(lines[3])) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
