/**
 * A Redis that is simulated: the twins of the scripts behind connections that take time, time out, break and
 * come back. What the hub calls on ioredis is answered here, down to the raw replies.
 */
import { readdirSync } from 'node:fs';
import { RequestError } from '../../src/errors.ts';
import type { RedisLinks } from '../../src/redis/links.ts';
import { type TwinScripts, runTwin, twinScripts } from '../redis/twin-scripts.ts';
import { Twin, type TwinCall, type TwinMeta } from '../redis/twin.ts';
import type { Kernel, Process } from './kernel.ts';
import type { Random } from './random.ts';

const folder = new URL('../../src/redis/scripts/', import.meta.url);
/** The names of the scripts by their digests, as EVALSHA has them. */
const names = new Map<string, string>();
for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
  const module: Record<string, unknown> = await import(new URL(file, folder).href);
  for (const each of Object.values(module)) {
    const { name, sha } = (each ?? {}) as { name?: unknown; sha?: unknown };
    if (typeof name === 'string' && typeof sha === 'string') names.set(sha, name);
  }
}

const commandTimeoutMs = 500;
const lookEveryMs = 1000;

/** A script that has run, for the monitors: what there was before it, and what there is now. */
export interface ScriptRun {
  name: string;
  args: string[];
  reply: unknown;
  before: MapBefore;
  twin: Twin;
  /** Which life of Redis, counted by restarts. */
  life: number;
}

export interface MapBefore {
  epoch: string | undefined;
  seats: string[];
  holds: { id: string; owner: string; state: string; till: number; seats: number[] }[];
}

/** Where a test plants a fault. */
export interface RedisFlaws {
  scripts?: Partial<TwinScripts>;
  makeCall?: (twin: Twin, meta: TwinMeta, now: number) => TwinCall;
  /** The run id as nodes see it, instead of the true one. */
  runId?: string;
  /** The epoch of every map, instead of a new one. */
  epoch?: string;
  /** After a map was loaded over another. */
  loaded?: (before: Twin, twin: Twin, now: number) => void;
}

export class SimRedis {
  readonly kernel: Kernel;
  readonly #random: Random;
  readonly #scripts: TwinScripts;
  readonly #flaws: RedisFlaws;
  twin = new Twin();
  loadedEvents = new Set<string>();
  up = true;
  life = 1;
  /** How wrong its clock is. */
  skewMs = 0;
  /** Extra time every command takes. */
  slowMs = 0;
  /** It has stopped, but its connections stand: commands wait. */
  frozenUntil = 0;
  readonly links = new Set<SimLinks>();
  onScript: ((run: ScriptRun) => void) | undefined;

  constructor(kernel: Kernel, flaws: RedisFlaws) {
    this.kernel = kernel;
    this.#random = kernel.random('redis');
    this.#flaws = flaws;
    this.#scripts = { ...twinScripts, ...flaws.scripts } as TwinScripts;
  }

  get now(): number {
    return Math.floor(this.kernel.now + this.skewMs);
  }

  get runId(): string {
    return this.#flaws.runId ?? `run-${this.life}`;
  }

  /** How long something is on the wire, one way. */
  wireMs(): number {
    return this.#random.chance(0.02) ? this.#random.between(1, 30) : this.#random.between(0.1, 0.6);
  }

  /** It ends, and with it its connections. */
  stop(): void {
    this.up = false;
    this.kernel.note(() => 'Redis stops');
    for (const link of this.links) link.broken();
  }

  /** Another life, with what was kept on disk. */
  start(kept: { twin: Twin; loadedEvents: Set<string> }): void {
    this.life++;
    this.up = true;
    this.twin = kept.twin;
    this.loadedEvents = kept.loadedEvents;
    this.kernel.note(() => `Redis starts, life ${this.life}`, this.life);
  }

  kept(): { twin: Twin; loadedEvents: Set<string> } {
    return { twin: this.twin.copy(), loadedEvents: new Set(this.loadedEvents) };
  }

  execute(command: string, args: (string | number)[]): unknown {
    if (command === 'evalsha') return this.#script(args);
    const [, value] = args;
    if (command === 'sadd') this.loadedEvents.add(String(value));
    else if (command === 'smembers') return [...this.loadedEvents];
    else if (command === 'hdel' && this.twin.meta) this.twin.meta.run = undefined;
    return 1;
  }

  #script(args: (string | number)[]): unknown {
    const name = names.get(String(args[0]));
    if (!name) throw new Error(`there is no script ${args[0]}`);
    const { twin } = this;
    const rest = args.slice(2 + Number(args[1]));
    const before: MapBefore = {
      epoch: twin.meta?.epoch,
      seats: [...twin.seats],
      holds: Array.from(twin.holds.values(), ({ id, owner, state, till, seats }) => {
        return { id, owner, state, till, seats };
      }),
    };
    const { makeCall, epoch: sameEpoch, loaded } = this.#flaws;
    const now = this.now;
    const old = loaded && name === 'load-event' ? twin.copy() : undefined;
    if (sameEpoch && name === 'load-event') rest[1] = sameEpoch;
    const call = makeCall && ((meta: TwinMeta) => makeCall(twin, meta, now));
    const reply = runTwin(twin, name, rest, now, this.#scripts, call);
    if (old) loaded?.(old, twin, now);
    const words = rest.slice(1).map(String);
    const [status, epoch, position] = reply as [string, string, number];
    this.kernel.note(
      () => `redis ${name} ${words.slice(0, 9).join(' ')} -> ${JSON.stringify(reply).slice(0, 150)}`,
      name,
      status,
      epoch,
      position ?? 0,
    );
    this.onScript?.({ name, args: words, reply, before, twin, life: this.life });
    return reply;
  }
}

/** The connections of one node, in the place of `RedisLinks`. */
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
  onReady: (() => void) | undefined;

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

  get run(): string {
    if (this.#run === undefined) throw new RequestError('try-later');
    return this.#run;
  }

  readonly commands = {
    call: (command: string, args: (string | number)[]) => this.#send(command, args),
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
        this.onReady?.();
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
