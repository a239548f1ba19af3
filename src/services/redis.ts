import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Child, startChild } from './child.ts';
import { newSecret, ownerOf, readSecret, writePrivate } from './data-dir.ts';
import type { EmbeddedOptions, EmbeddedService } from './postgres.ts';
import { commandLine, endProcess, freePort, startedAt } from './processes.ts';
import { findRedisServer, type Machine, type RedisBinary, thisMachine } from './redis-server-binary.ts';

export interface RedisOptions extends EmbeddedOptions {
  /** The path of a redis-server to be used whatever else there is. */
  redisServer?: string | undefined;
  /** Where to look for a redis-server; default is this machine. */
  machine?: Machine | undefined;
  /** Allows DEBUG from this machine (DEBUG SLEEP and the like), for tests. */
  enableDebugCommand?: boolean | undefined;
}

/** Loading a large append-only file takes its time. */
const READY_MS = 120_000;
const ATTEMPTS = 20;
const PATIENCE_MS = 15_000;

/**
 * Starts a real redis-server on a free port of 127.0.0.1, with its data (append-only file, synced every second)
 * in `<dataDir>/redis` and a password that is made once and kept in `<dataDir>/redis-password`. Throws one
 * sentence when this machine has no redis-server, and the last lines of its log when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedService> {
  const { dataDir, log } = options;
  const directory = join(dataDir, 'redis');
  const machine = options.machine ?? (await thisMachine());
  const binary = await findRedisServer({ redisServer: options.redisServer, dataDir, machine, log });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await endOrphan(directory, log);
  const file = join(dataDir, 'redis-password');
  const kept = await readSecret(file);
  const password = kept ?? newSecret();
  if (kept === undefined) await writePrivate(file, `${password}\n`);
  const { child, url } = await startServer({ ...options, directory, binary, password });
  return { url, stop: child.stop, announce: child.announce };
}

interface ServerOptions extends RedisOptions {
  directory: string;
  binary: RedisBinary;
  password: string;
}

async function startServer(options: ServerOptions): Promise<{ child: Child; url: string }> {
  const { directory, binary, password } = options;
  const configFile = join(directory, 'redis.conf');
  const owner = process.getuid?.() === 0 ? await ownerOf(directory) : undefined;
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    await writePrivate(configFile, configuration(options, port), owner);
    const child = startChild({
      name: 'Redis',
      command: binary.command,
      args: [configFile],
      env: binary.env,
      uid: owner?.uid,
      gid: owner?.gid,
      stopSignals: ['SIGTERM', 'SIGKILL'],
      patienceMs: PATIENCE_MS,
      endWithParent: options.endWithParent,
    });
    const url = `redis://:${password}@127.0.0.1:${port}`;
    const how = await Promise.race([child.exited, untilReady(url, child)]);
    if (how === 'ready') return { child, url };
    const lines = child.lastLines();
    await child.stop();
    const portTaken = /Failed listening on port|Address already in use/.test(lines);
    if (!portTaken || attempt === ATTEMPTS) throw new Error(`Redis did not start (${how}): ${lines}`);
  }
}

/** The password stands in a file that only its owner may read: a command line is for everyone to see. */
function configuration({ directory, password, enableDebugCommand }: ServerOptions, port: number): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    `dir ${quoted(directory)}`,
    `pidfile ${quoted(join(directory, 'redis.pid'))}`,
    'daemonize no',
    'set-proc-title no', // So that the next start can tell by the command line whose server it is.
    'save ""',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
  ];
  if (enableDebugCommand) lines.push('enable-debug-command local');
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Ready when it answers with our password: so it is not a stranger's Redis, and its data is loaded. */
async function untilReady(url: string, child: Child): Promise<string> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  for (const end = Date.now() + READY_MS; Date.now() < end && !ended; await sleep(20)) {
    const client = new Redis(url, {
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => {}); // Refused until it listens.
    try {
      await client.connect();
      await client.ping(); // An error while the data is loading.
      return 'ready';
    } catch {
      // Not yet.
    } finally {
      client.disconnect();
    }
  }
  return `not ready after ${READY_MS / 1000} s`;
}

/**
 * Ends a server that a killed hub left behind. The pid in redis.pid counts only if that process was started with
 * this directory's configuration; a stale file does no harm, Redis overwrites it.
 */
async function endOrphan(directory: string, log: (line: string) => void): Promise<void> {
  const text = await readFile(join(directory, 'redis.pid'), 'utf8').catch(() => '');
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid < 1 || startedAt(pid) === undefined) return;
  if (!commandLine(pid).includes(join(directory, 'redis.conf'))) return;
  log(`ending Redis (process ${pid}), which an earlier hub left running`);
  if (await endProcess(pid, ['SIGTERM', 'SIGKILL'], PATIENCE_MS)) return;
  throw new Error(`Redis (process ${pid}) still runs on ${directory} and does not end: end it by hand.`);
}
