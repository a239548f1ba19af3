import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { serverPort } from '../../support/ports.ts';
import { findRedisServer, type RedisBinary, thisMachine } from '../../../src/services/redis-server-binary.ts';
import { OwnProcess } from './own-process.ts';
import { until } from './wait.ts';

/** A fifth of its disk; a round writes a megabyte or less. */
const longFileBytes = 10_000_000;

/** A redis-server of the run's own, on one port for all its lives. */
export class RedisProcess {
  readonly process: OwnProcess;
  readonly directory: string;
  readonly #environment: Record<string, string>;
  #binary: RedisBinary | undefined;
  #direct: Redis | undefined;
  port = 0;

  constructor(directory: string, log: string, environment: Record<string, string> = {}) {
    this.directory = directory;
    this.#environment = environment;
    this.process = new OwnProcess(log);
  }

  async start(): Promise<void> {
    this.#binary ??= await findRedisServer({
      redisServer: process.env.REDIS_SERVER || undefined,
      dataDir: resolve('.data/test'),
      machine: await thisMachine(),
      log: () => undefined,
    });
    this.port ||= await serverPort();
    const settings = {
      port: this.port,
      bind: '127.0.0.1',
      dir: this.directory,
      save: '',
      appendonly: 'yes',
      appendfsync: 'everysec',
      'aof-load-truncated': 'yes',
      'auto-aof-rewrite-percentage': 0,
      'busy-reply-threshold': 300,
      'maxmemory-policy': 'noeviction',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.process.start(this.#binary.command, args, {
      env: { ...process.env, ...this.#binary.env, ...this.#environment },
    });
    await until(() => this.answers(), 'Redis to start');
  }

  /** A connection that goes through no proxy, for looking and for faults by command. */
  get direct(): Redis {
    if (!this.#direct) {
      this.#direct = new Redis(this.port, '127.0.0.1', {
        maxRetriesPerRequest: 1,
        retryStrategy: () => 100,
        commandTimeout: 10_000,
      });
      this.#direct.on('error', () => undefined);
    }
    return this.#direct;
  }

  async answers(): Promise<boolean> {
    const client = new Redis(this.port, '127.0.0.1', {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      commandTimeout: 1000,
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

  /** Whatever was done to it: it runs again. */
  async revive(): Promise<void> {
    if (!this.process.running) return this.start();
    this.process.signal('SIGCONT');
    await until(() => this.answers(), 'Redis to answer again');
  }

  /**
   * Writes its file anew once it is long. By itself it never does, or a fault that damages the file would find
   * another one each time; and its disk is small.
   */
  async compact(): Promise<void> {
    const written = async () =>
      Number(/^aof_current_size:(\d+)/m.exec(await this.direct.info('persistence'))?.[1]);
    if ((await written()) < longFileBytes) return;
    await this.direct.bgrewriteaof();
    await until(async () => (await written()) < longFileBytes, 'Redis to have written its file anew');
  }

  wipe(): void {
    rmSync(join(this.directory, 'appendonlydir'), { recursive: true, force: true });
  }

  /** Loses the last `bytes` it had written; only while it is stopped. @returns how many were there */
  loseTail(bytes: number): number {
    const folder = join(this.directory, 'appendonlydir');
    const name = readdirSync(folder).find((file) => file.endsWith('.incr.aof'));
    if (!name) return 0;
    const file = join(folder, name);
    const { size } = statSync(file);
    const descriptor = openSync(file, 'r+');
    ftruncateSync(descriptor, Math.max(0, size - bytes));
    closeSync(descriptor);
    return size;
  }

  async stop(): Promise<void> {
    this.#direct?.disconnect();
    await this.process.end();
  }
}
