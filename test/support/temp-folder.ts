import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './at-end.ts';

/** A folder of its own, gone when what began it is over. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seatcast-test-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
