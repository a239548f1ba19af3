/** The connections of a node to the simulated Redis: they take time, time out, break, and come back. */
import { RequestError } from '../../src/errors.ts';
import type { RedisLinks } from '../../src/redis/links.ts';
import type { ScriptCall } from '../../src/redis/script-call.ts';
import type { Kernel, Process } from './kernel.ts';
import type { SimRedis } from './redis.ts';

const commandTimeoutMs = 500;
const lookEveryMs = 1000;

/** In the place of `RedisLinks`. */
export class SimLinks {
  readonly #redis: SimRedis;
  readonly #process: Process;
  readonly #kernel: Kernel;
  /** Told when a call is made, so that something can happen to the caller before its answer comes. */
  readonly #point: (answerInMs: number) => void;
  /** Number of the connection; answers to an earlier one are lost. */
  #connection = 0;
  #open = false;
  /** The life of Redis it goes to. */
  #life = 0;
  #run: string | undefined;
  #misses = 0;
  /** Commands arrive, and answers come back, in order. */
  #lastArrival = 0;
  #lastAnswer = 0;
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(redis: SimRedis, process: Process, point: (answerInMs: number) => void) {
    this.#redis = redis;
    this.#kernel = redis.kernel;
    this.#process = process;
    this.#point = point;
    redis.links.add(this);
    this.#connect(1);
    this.#look();
  }

  get available(): boolean {
    return this.#run !== undefined;
  }

  canReach(): boolean {
    return this.available;
  }

  home(): { redis: unknown; run: string } {
    if (this.#run === undefined) throw new RequestError('try-later');
    return { redis: this.commands, run: this.#run };
  }

  readonly commands = {
    sendCommand: ({ sha, scriptKeys, scriptArgs }: ScriptCall) =>
      this.#send('evalsha', [sha, scriptKeys.length, ...scriptKeys, ...scriptArgs]),
    sadd: (...args: string[]) => this.#send('sadd', args),
    smembers: (...args: string[]) => this.#send('smembers', args),
    hdel: (...args: string[]) => this.#send('hdel', args),
  };

  /** As the hub's parts want it. */
  asLinks(): RedisLinks {
    return this as unknown as RedisLinks;
  }

  /** The other side has gone; the process notices when it gets to it. */
  broken(): void {
    const connection = this.#connection;
    this.#open = false;
    this.#kernel.after(this.#redis.wireMs(), this.#process, () => {
      if (connection === this.#connection) this.#closed();
    });
  }

  #closed(): void {
    this.#connection++;
    this.#open = false;
    this.#run = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of waiting) reject(new Error('Connection is closed.'));
    this.#connect(1);
  }

  #connect(attempt: number): void {
    const connection = this.#connection;
    this.#kernel.after(Math.min(50 * 2 ** Math.min(attempt, 5), 1000), this.#process, () => {
      if (connection !== this.#connection) return;
      const redis = this.#redis;
      if (!redis.up || redis.frozenUntil > this.#kernel.now) return this.#connect(attempt + 1);
      this.#open = true;
      this.#life = redis.life;
      this.#misses = 0;
      this.#lastArrival = 0;
      this.#lastAnswer = 0;
      const run = redis.runId;
      this.#kernel.after(2 * redis.wireMs(), this.#process, () => {
        if (connection !== this.#connection || !this.#open) return;
        this.#run = run;
      });
    });
  }

  /** A frozen Redis closes nothing. */
  #look(): void {
    this.#kernel.after(lookEveryMs, this.#process, () => {
      if (this.available && this.#redis.frozenUntil > this.#kernel.now) {
        if (++this.#misses >= 2) this.#closed();
      } else this.#misses = 0;
      this.#look();
    });
  }

  #send(command: string, args: (string | number)[]): Promise<unknown> {
    const redis = this.#redis;
    const kernel = this.#kernel;
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      if (this.#run === undefined) return reject(new Error("Stream isn't writeable"));
      this.#waiting.add(reject);
      const cancelTimeout = kernel.after(commandTimeoutMs, this.#process, () => {
        this.#waiting.delete(reject);
        reject(new Error('Command timed out'));
      });
      const arrival = Math.max(this.#lastArrival, kernel.now + redis.wireMs() + redis.slowMs);
      this.#lastArrival = arrival;
      const life = this.#life;
      const answered = (value: unknown) => {
        const at = Math.max(this.#lastAnswer, kernel.now + redis.wireMs());
        this.#lastAnswer = at;
        kernel.after(at - kernel.now, this.#process, () => {
          cancelTimeout();
          if (!this.#waiting.delete(reject) || connection !== this.#connection) return;
          if (value instanceof Error) reject(value);
          else resolve(value);
        });
        this.#point(at - kernel.now);
      };
      const arrive = () => {
        // What was on its way to a Redis that has ended is lost; one that is frozen gets to it later.
        if (!redis.up || redis.life !== life) return;
        if (redis.frozenUntil > kernel.now) {
          kernel.after(redis.frozenUntil - kernel.now, undefined, arrive);
          return;
        }
        answered(execute(redis, command, args));
      };
      kernel.after(arrival - kernel.now, undefined, arrive);
    });
  }
}

function execute(redis: SimRedis, command: string, args: (string | number)[]): unknown {
  try {
    return redis.execute(command, args);
  } catch (error) {
    return error;
  }
}
