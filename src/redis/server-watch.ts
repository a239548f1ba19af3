/**
 * One Redis server, as far as its maps can be trusted. A server that restarted may have lost its last second, and a
 * replica that took over may never have had it, so on every new connection, before any script runs, the run id is
 * read. Scripts carry it, and refuse maps that were loaded in another life or by another server.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../log.ts';

/** Unanswered looks after which a Redis that keeps its connections is taken for dead. */
const missesAtMost = 2;

export class ServerWatch {
  readonly redis: Redis;
  /** undefined: it is away, or nothing is known of it yet. */
  run: string | undefined;
  readonly #log: Logger;
  readonly #lost: () => void;
  #misses = 0;
  #closing = false;

  /** @param lost called when a server that had holds is away */
  constructor(redis: Redis, log: Logger, lost: () => void) {
    this.redis = redis;
    this.#log = log;
    this.#lost = lost;
    redis.on('ready', () => void this.#readRun());
    redis.on('close', () => {
      // A replica has no holds.
      if (this.run && !this.#closing && !redis.options.readOnly) {
        lost();
        log.warn({ server: this.#server }, 'Redis is away: holds are refused until it is back');
      }
      this.run = undefined;
    });
    if (redis.status === 'ready') void this.#readRun();
  }

  close(): void {
    this.#closing = true;
    this.run = undefined;
  }

  /**
   * A frozen Redis, or one behind a dead route, closes nothing: it just does not answer.
   * @returns whether it was given up just now
   */
  async look(): Promise<boolean> {
    if (!this.run || this.#closing) return false;
    try {
      await this.redis.ping();
      this.#misses = 0;
    } catch {
      this.#misses++;
      if (this.#misses < missesAtMost || !this.run) return false;
      this.#misses = 0;
      this.run = undefined;
      this.#lost();
      this.#log.warn({ server: this.#server }, 'Redis does not answer: holds are refused until it does');
      this.redis.disconnect(true);
      return true;
    }
    return false;
  }

  get #server(): string {
    return `${this.redis.options.host}:${this.redis.options.port}`;
  }

  async #readRun(): Promise<void> {
    try {
      const info = await this.redis.info('server');
      const run = /^run_id:(\w+)/m.exec(info)?.[1];
      if (!run) throw new Error('INFO server has no run_id');
      this.run = run;
      this.#log.debug({ run }, 'connected to Redis');
    } catch (error) {
      // Without the run id nothing may run: begin again.
      this.#log.warn({ err: error }, 'could not read the run id of Redis');
      if (!this.#closing) this.redis.disconnect(true);
    }
  }
}
