import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { requireOfEmbeddedPostgres } from '../../src/services/postgres-account.ts';
import { startedAt } from '../../src/services/processes.ts';
import { type Services, type ServicesOptions, startServices } from '../../src/services/services.ts';

export const isRoot = process.getuid?.() === 0;

/** A directory for one test, removed at its end. Others may enter it, as root's PostgreSQL is another user. */
export async function temporaryDirectory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'seatcast-services-'));
  const directory = join(parent, 'it');
  await mkdir(directory);
  if (isRoot) await chmod(parent, 0o755);
  onTestFinished(() => rm(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return directory;
}

export interface Started extends Services {
  log: string[];
  exits: string[];
}

/** startServices() in this process, ended with the test. */
export async function start(dataDir: string, more: Partial<ServicesOptions> = {}): Promise<Started> {
  const log: string[] = [];
  const exits: string[] = [];
  const services = await startServices({
    dataDir,
    log: (line) => log.push(line),
    onExit: (sentence) => exits.push(sentence),
    ...more,
  });
  onTestFinished(() => services.stop());
  return { ...services, log, exits };
}

/** startServices() in a process of its own, which a test may kill. */
export function startInProcess(dataDir: string, more: { endWithParent?: boolean; uid?: number } = {}) {
  const script = fileURLToPath(new URL('./hub-process.ts', import.meta.url));
  const { uid, ...options } = more;
  const hub = spawn(process.execPath, [script, JSON.stringify({ dataDir, ...options })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => {
    hub.kill('SIGKILL');
  });
  return { hub, ready: firstMessage(hub) };
}

export type HubMessage = Pick<Services, 'databaseUrl' | 'redisUrl'> & { error?: string };

async function firstMessage(hub: ChildProcess): Promise<HubMessage> {
  if (!hub.stdout) throw new Error('no output');
  for await (const line of createInterface({ input: hub.stdout })) return JSON.parse(line);
  throw new Error('the hub process ended without a word');
}

/** SIGKILL, as by the kernel when memory runs out. */
export async function killHard(hub: ChildProcess): Promise<void> {
  const gone = once(hub, 'exit');
  hub.kill('SIGKILL');
  await gone;
}

/** The pids of the servers of a data directory. */
export async function serverPids(dataDir: string): Promise<{ postgres: number; redis: number }> {
  const postgres = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
  const redis = await readFile(join(dataDir, 'redis', 'redis.pid'), 'utf8');
  return { postgres: Number.parseInt(postgres, 10), redis: Number(redis) };
}

export function isRunning(pid: number): boolean {
  return startedAt(pid) !== undefined;
}

/** Waits until it holds; fails after 20 s. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(5)) if (await condition()) return;
  throw new Error(`not within 20 s: ${what}`);
}

/** The command lines that name this directory: those of its servers. None where there is no /proc. */
export async function processesOf(dataDir: string): Promise<string[]> {
  if (!existsSync('/proc/self')) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(dataDir));
}

interface PgClient {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
}

/** One statement on a connection of its own. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const pg: { Client: new (options: { connectionString: string }) => PgClient } =
    requireOfEmbeddedPostgres()('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** One command on a connection of its own. */
export async function redis(url: string, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
