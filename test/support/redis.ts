import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { atEnd } from './at-end.ts';
import { findRedisServer, thisMachine } from '../../src/services/redis-server-binary.ts';
import { until } from './client.ts';
import { serverPort } from './ports.ts';

export interface OwnRedis {
  readonly url: string;
  /** One that was killed. */
  start(): Promise<void>;
  /** kill -9, of one that runs: what is not in the append-only file yet is lost. */
  kill(): Promise<void>;
  /** Throws its data away; only while it is stopped. */
  wipe(): void;
  /** Stops it in its tracks, as a machine does that swaps. */
  freeze(): void;
  thaw(): void;
  /** Whatever was done to it: it runs again. */
  revive(): Promise<void>;
}

/** However this process ends, none is left behind. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/**
 * A real redis-server of the test's own, on one port for all its lives, to be killed at will. It has been started.
 * @param more arguments of redis-server
 * @param login where it lets nobody in without: `name:password@`
 */
export async function ownRedis(more: readonly string[] = [], login = ''): Promise<OwnRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'seatcast-redis-'));
  const binary = await findRedisServer({
    redisServer: process.env.REDIS_SERVER || undefined,
    dataDir: resolve('.data/test'),
    machine: await thisMachine(),
    log: () => undefined,
  });
  const port = await serverPort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const redis: OwnRedis = {
    url,
    async start() {
      // A second one would get no port, and the first would never be killed again.
      if (isRunning()) throw new Error('this redis-server runs');
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
      args.push('--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', ...more);
      child = spawn(binary.command, args, { stdio: 'ignore', env: { ...process.env, ...binary.env } });
      started.add(child);
      await until(answers, 'Redis to start');
    },
    async kill() {
      const dying = child;
      if (!dying || !isRunning()) return;
      const gone = new Promise((resolve) => dying.once('exit', resolve));
      dying.kill('SIGKILL');
      await gone;
      started.delete(dying);
    },
    wipe: () => rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true }),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async revive() {
      if (!isRunning()) return redis.start();
      redis.thaw();
      await until(answers, 'Redis to answer again');
    },
  };

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  async function answers(): Promise<boolean> {
    const client = new Redis(url.replace('//', `//${login}`), {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }

  atEnd(async () => {
    await redis.kill();
    rmSync(directory, { recursive: true, force: true });
  });
  await redis.start();
  return redis;
}
