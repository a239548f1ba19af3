/**
 * The connections to Redis: one for commands, one to publish, one to subscribe. Commands fail fast while
 * Redis is away (no offline queue, 500 ms), so that a request is refused at once instead of hanging. None
 * of them can end the process.
 *
 * A Redis that restarted may have lost its last second, so on every new connection, before any script
 * runs, its run id is read. Scripts carry it, and refuse maps that were loaded in another life.
 */
import { Redis } from 'ioredis';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';

const lookEveryMs = 1000;
/** Unanswered looks after which a Redis that keeps its connections is taken for dead. */
const missesAtMost = 2;

export class RedisLinks {
  readonly commands: Redis;
  readonly publisher: Redis;
  readonly subscriber: Redis;
  readonly #log: Logger;
  #run: string | undefined;
  #closing = false;
  #misses = 0;
  readonly #watch: NodeJS.Timeout;
  readonly counts = { errors: 0, outages: 0 };
  /** Called when Redis is back with a known run id. */
  onReady: (() => void) | undefined;

  /** @param commandTimeoutMs after which a command that got no answer is given up */
  constructor(url: string, log: Logger, commandTimeoutMs = 500) {
    this.#log = log;
    const common = {
      // Quick at first, then every second: an outage of hours must neither end the node nor flood Redis.
      retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 5), 1000),
      connectTimeout: 2000,
      lazyConnect: true,
    };
    const failFast = {
      ...common,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandTimeoutMs,
      // Calls of one turn of the event loop leave in one write.
      enableAutoPipelining: true,
    };
    this.commands = this.#open('commands', new Redis(url, failFast));
    this.publisher = this.#open('publisher', new Redis(url, failFast));
    // Subscriptions asked for during an outage wait for its end.
    this.subscriber = this.#open('subscriber', new Redis(url, { ...common, maxRetriesPerRequest: null }));
    this.#silence(this.subscriber);
    this.commands.on('ready', () => void this.#readRun());
    this.#watch = setInterval(() => void this.#look(), lookEveryMs);
    this.#watch.unref();
    this.commands.on('close', () => {
      if (this.#run && !this.#closing) {
        this.counts.outages++;
        this.#log.warn('Redis is away: holds are refused until it is back');
      }
      this.#run = undefined;
    });
  }

  /** The run id of the Redis we are connected to. Throws `try-later` while there is none. */
  get run(): string {
    if (this.#run === undefined) throw new RequestError('try-later');
    return this.#run;
  }

  /** Connections that are ready, of three. */
  get ready(): number {
    return [this.commands, this.publisher, this.subscriber].filter((link) => link.status === 'ready').length;
  }

  get available(): boolean {
    return this.#run !== undefined;
  }

  /** Waits until Redis answers, however long it takes, saying so every ten seconds. */
  async connect(): Promise<void> {
    const links = [this.commands, this.publisher, this.subscriber];
    for (const link of links) link.connect().catch(() => undefined);
    for (let waited = 0; !this.available || links.some((link) => link.status !== 'ready'); waited += 50) {
      if (this.#closing) throw new Error('stopped while waiting for Redis');
      if (waited % 10_000 === 500) this.#log.warn('Waiting for Redis (REDIS_URL): it does not answer yet');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    for (const link of [this.commands, this.publisher, this.subscriber]) link.disconnect();
  }

  /** A frozen Redis, or one behind a dead route, closes nothing: it just does not answer. */
  async #look(): Promise<void> {
    if (!this.available || this.#closing) return;
    try {
      await this.commands.ping();
      this.#misses = 0;
    } catch {
      this.#misses++;
      if (this.#misses < missesAtMost || !this.available) return;
      this.#misses = 0;
      this.#run = undefined;
      this.counts.outages++;
      this.#log.warn('Redis does not answer: holds are refused until it does');
      for (const link of [this.commands, this.publisher, this.subscriber]) link.disconnect(true);
    }
  }

  async #readRun(): Promise<void> {
    try {
      const info = await this.commands.info('server');
      const run = /^run_id:(\w+)/m.exec(info)?.[1];
      if (!run) throw new Error('INFO server has no run_id');
      this.#run = run;
      this.#log.debug({ run }, 'connected to Redis');
      this.onReady?.();
    } catch (error) {
      // Without the run id nothing may run: begin again.
      this.#log.warn({ err: error }, 'could not read the run id of Redis');
      if (!this.#closing) this.commands.disconnect(true);
    }
  }

  #open(name: string, link: Redis): Redis {
    link.on('error', (error) => {
      this.counts.errors++;
      this.#log.debug({ link: name, err: error }, 'Redis connection error');
    });
    return link;
  }

  /** The adapter subscribes without awaiting: a rejection there would end the process. */
  #silence(link: Redis): void {
    for (const name of ['ssubscribe', 'sunsubscribe'] as const) {
      const original = link[name].bind(link) as (...args: unknown[]) => Promise<unknown>;
      Object.defineProperty(link, name, {
        value: (...args: unknown[]) =>
          original(...args).catch((error: unknown) => this.#log.debug({ err: error }, `${name} failed`)),
      });
    }
  }
}
