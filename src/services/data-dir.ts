import { randomBytes } from 'node:crypto';
import {
  access,
  chown,
  constants,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes the data directory if need be and returns its real path.
 * Throws one sentence when it, or a server's data in it, belongs to another user.
 */
export async function prepareDataDir(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The data directory ${dataDir} cannot be made: ${error.message}`);
  });
  const directory = await realpath(dataDir);
  const uid = process.getuid?.();
  if (uid === undefined || uid === 0) return directory; // Root runs each server as the owner of its data.
  for (const path of [join(directory, 'postgres'), join(directory, 'redis')]) {
    const owner = await ownerOf(path);
    if (owner && owner.uid !== uid) throw belongsToAnother(directory, owner.uid);
  }
  await access(directory, constants.R_OK | constants.W_OK | constants.X_OK).catch(async () => {
    throw belongsToAnother(directory, (await ownerOf(directory))?.uid);
  });
  return directory;
}

function belongsToAnother(directory: string, uid: number | undefined): Error {
  const owner = uid === 0 ? 'root' : `another user (uid ${uid})`;
  return new Error(
    `The data directory ${directory} was made by ${owner}: run the hub as that user again, ` +
      `hand it over with "sudo chown -R $(id -u) ${directory}", or choose another data directory.`,
  );
}

/** The owner of a file or directory, undefined when it does not exist. */
export async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && { uid: found.uid, gid: found.gid };
}

/**
 * A new directory for something that is made in several steps and then renamed into its place, so that a kill
 * midway leaves nothing that looks finished. `removeLeftovers` takes away what such a kill left.
 */
export async function makeStaging(dataDir: string, name: string): Promise<string> {
  const staging = join(dataDir, `${name}.new-${randomBytes(4).toString('hex')}`);
  await mkdir(staging, { mode: 0o700 });
  return staging;
}

/** Removes half-made directories. Best effort: an orphaned initdb may still be writing into one. */
export async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (/\.new-[0-9a-f]{8}$/.test(name)) {
      await rm(join(dataDir, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

/** A password kept in a file, undefined when there is none yet. */
export async function readSecret(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trim() || undefined;
}

/** 192 random bits, in characters that need no quoting in a URL, in SQL or in a configuration file. */
export function newSecret(): string {
  return randomBytes(24).toString('hex');
}

/** Writes a file that only its owner may read: whole or not at all. */
export async function writePrivate(
  file: string,
  text: string,
  owner?: { uid: number; gid: number } | undefined,
): Promise<void> {
  const half = `${file}.new-${randomBytes(4).toString('hex')}`;
  await writeFile(half, text, { mode: 0o600, flag: 'wx' });
  if (owner) await chown(half, owner.uid, owner.gid);
  await rename(half, file);
}
