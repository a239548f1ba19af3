import { chown, mkdir, open, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeStaging, newSecret, readSecret, writePrivate } from './data-dir.ts';
import { commandFor, type PostgresAccount, type PostgresBinaries } from './postgres-account.ts';
import { commandLine, endProcess, type Finished, lastLines, run, startedAt } from './processes.ts';

export const POSTGRES_USER = 'seatcast';

export interface Cluster {
  dataDir: string;
  /** The cluster's own directory, `<dataDir>/postgres`. */
  directory: string;
  binaries: PostgresBinaries;
  account: PostgresAccount;
}

const LANGUAGE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
/** A fast shutdown; if a backend hangs, an immediate one, which the next start recovers from. Never SIGKILL: backends may survive it. */
const STOP_SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Sees to it that the cluster exists and returns its password, which is made once and kept in
 * `<dataDir>/postgres-password`. Throws when the directory holds something else or initdb fails.
 */
export async function prepareCluster(cluster: Cluster, log: (line: string) => void): Promise<string> {
  const file = join(cluster.dataDir, 'postgres-password');
  const kept = await readSecret(file);
  const password = kept ?? newSecret();
  if (await clusterExists(cluster)) {
    if (kept === undefined) {
      log('the password of PostgreSQL is lost: setting a new one');
      await setPassword(cluster, password);
    }
  } else {
    log('creating the PostgreSQL database (once)');
    await createCluster(cluster, password);
  }
  if (kept === undefined) await writePrivate(file, `${password}\n`); // Last: a password that is kept is in force.
  return password;
}

async function clusterExists({ directory, binaries }: Cluster): Promise<boolean> {
  const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (version !== undefined) {
    const { output } = await run(binaries.postgres, ['--version']);
    const major = /\d+/.exec(output)?.[0];
    if (major === undefined || version.trim() === major) return true;
    throw new Error(
      `The data in ${directory} is of PostgreSQL ${version.trim()}, but PostgreSQL ${major} is installed: ` +
        'move it over with pg_upgrade or pg_dump, or choose another data directory.',
    );
  }
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return;
    throw new Error(`${directory} is not a PostgreSQL data directory: move it away and start again.`);
  });
  return false;
}

/** initdb beside the final place, then one rename: a start that was killed midway begins anew. */
async function createCluster(cluster: Cluster, password: string): Promise<void> {
  const staging = await makeStaging(cluster.dataDir, 'postgres');
  const [data, passwordFile] = [join(staging, 'data'), join(staging, 'password')];
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    const { owner } = cluster.account;
    if (owner) for (const path of [staging, data, passwordFile]) await chown(path, owner.uid, owner.gid);
    const made = await runAs(cluster, cluster.binaries.initdb, [
      `--pgdata=${data}`,
      `--username=${POSTGRES_USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      ...LANGUAGE,
    ]);
    if (!made.ok) throw new Error(`PostgreSQL's initdb failed (${made.how}): ${lastLines(made.output)}`);
    await rename(data, cluster.directory);
    await syncDirectory(cluster.dataDir);
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

/** Single-user mode needs no password; it reports errors only in its output. */
async function setPassword(cluster: Cluster, password: string): Promise<void> {
  const { binaries, directory } = cluster;
  const input = `ALTER ROLE ${POSTGRES_USER} PASSWORD '${password}'\n`;
  const done = await runAs(cluster, binaries.postgres, ['--single', '-D', directory, 'postgres'], input);
  if (!done.ok || /\b(ERROR|FATAL|PANIC):/.test(done.output)) {
    throw new Error(`The password of PostgreSQL cannot be set (${done.how}): ${lastLines(done.output)}`);
  }
}

/**
 * Ends a server that a killed hub left behind, and makes sure that a stale postmaster.pid does not hinder the
 * start. A pid file counts as a live server of ours only if that process runs on this very directory: pids are
 * given out again (in a container after every restart), and a copied directory brings a pid file along.
 */
export async function endOrphan({ directory }: Cluster, log: (line: string) => void): Promise<void> {
  const file = join(directory, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const [first = '', ...rest] = text.split('\n');
  const pid = Math.abs(Number(first)); // A single-user server writes its pid as a negative number.
  if (Number.isInteger(pid) && pid > 0 && startedAt(pid) !== undefined) {
    const command = commandLine(pid);
    if (command.includes('postgres') && `${command} `.includes(` -D ${directory} `)) {
      log(`ending PostgreSQL (process ${pid}), which an earlier hub left running`);
      if (await endProcess(pid, STOP_SIGNALS, 20_000)) return; // It removes its pid file.
      throw new Error(
        `PostgreSQL (process ${pid}) still runs on ${directory} and does not end: end it by hand.`,
      );
    }
  }
  // PostgreSQL refuses to start while anything has that pid, be it a stranger or the dead server's own zombie,
  // but takes its parent's pid, ours, for stale. Removing the file instead would also remove the check for
  // surviving backends (the key of the shared memory is in it).
  await writeFile(file, [String(process.pid), ...rest].join('\n'));
}

/** Runs one of PostgreSQL's programs to its end, as the right user. */
function runAs({ account }: Cluster, program: string, args: string[], input?: string): Promise<Finished> {
  const { command, args: all, uid, gid } = commandFor(account, program, args);
  return run(command, all, { uid, gid, input });
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().catch(() => {}); // Not every file system can.
  await handle.close();
}
