/**
 * A Redis that is simulated: the twins of the scripts behind connections that take time, time out, break and
 * come back. What the hub calls on ioredis is answered here, down to the raw replies.
 */
import { readdirSync } from 'node:fs';
import { Twin, type TwinCall, type TwinMeta } from '../redis/twin.ts';
import { runTwin, type TwinScripts, twinScripts } from '../redis/twin-scripts.ts';
import type { Kernel } from './kernel.ts';
import type { Random } from './random.ts';
import type { SimLinks } from './redis-links.ts';

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
