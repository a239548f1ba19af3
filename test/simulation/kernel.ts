/**
 * Simulated time. What happens is a queue of events; after each one the microtasks it has started are run to
 * their end, and only then the clock moves on. Nothing here waits for anything real, so a run is as fast as its
 * code, and one seed is one run.
 */
import v8 from 'node:v8';
import type { Clock } from '../../src/clock.ts';
import { Random } from './random.ts';

// V8 gives no other way to run what awaits without going back to Node's event loop, which costs six times more.
v8.setFlagsFromString('--allow-natives-syntax');
const runMicrotasks = new Function('%PerformMicrotaskCheckpoint()') as () => void;

/** Something that runs code: a node or a client. Its events do not happen while it is paused, or once it is dead. */
export class Process {
  readonly name: string;
  alive = true;
  pausedUntil = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface Event {
  time: number;
  readonly order: number;
  readonly process: Process | undefined;
  work: (() => void) | undefined;
}

/** Runs that never come to rest are cut off. */
const stepsAtMost = 400_000;

export class Kernel {
  readonly seed: number;
  /** ms since 1970 */
  now = Date.UTC(2030, 0, 1);
  steps = 0;
  /** Whose event is running: it is who asks the services. */
  current: Process | undefined;
  /** Of all that has happened: two runs of one seed have the same. */
  hash = 2166136261;
  /** Told what happens, in words, if somebody wants to read it. */
  tell: ((text: string) => void) | undefined;
  readonly #queue: Event[] = [];
  #order = 0;
  readonly #start = this.now;

  constructor(seed: number) {
    this.seed = seed;
  }

  random(stream: string): Random {
    return new Random(this.seed, stream);
  }

  /** ms since the run began. */
  get elapsed(): number {
    return this.now - this.#start;
  }

  /** Does something later, as a process or (undefined) as the world. Returns what takes it back. */
  after(ms: number, process: Process | undefined, work: () => void): () => void {
    const event: Event = { time: this.now + Math.max(0, ms), order: this.#order++, process, work };
    this.#push(event);
    return () => {
      event.work = undefined;
    };
  }

  /** Resolves later, for a process. */
  pause(ms: number, process: Process): Promise<void> {
    return new Promise((resolve) => this.after(ms, process, resolve));
  }

  /** The clock of a process. `skewMs` is how wrong its wall clock is. */
  clockOf(process: Process, skewMs = 0): Clock {
    return {
      now: () => Math.floor(this.now + skewMs),
      monotonic: () => this.elapsed,
      after: (ms, work) => this.after(ms, process, work),
    };
  }

  /** Notes something that happened, for the hash and for whoever reads along. */
  note(text: () => string, ...facts: (number | string)[]): void {
    for (const fact of facts) this.#mix(fact);
    this.tell?.(text());
  }

  /** Runs until the queue is empty or the time is over. */
  run(forMs: number): void {
    let drained = false;
    Promise.resolve().then(() => {
      drained = true;
    });
    runMicrotasks();
    if (!drained)
      throw new Error('A simulation must not be started from a microtask: await a macrotask first');
    const until = this.now + forMs;
    for (let event = this.#queue[0]; event && event.time <= until; event = this.#queue[0]) {
      this.#pop();
      if (event.work) this.#happen(event);
    }
    this.now = until;
  }

  #happen(event: Event): void {
    const { process, work } = event;
    if (process?.alive === false) return;
    this.now = event.time;
    if (process && process.pausedUntil > this.now) {
      event.time = process.pausedUntil;
      this.#push(event);
      return;
    }
    if (++this.steps > stepsAtMost) throw new Error(`seed ${this.seed} does not come to rest`);
    this.#mix(event.order);
    this.#mix(Math.floor(event.time * 1000));
    this.current = process;
    work?.();
    runMicrotasks();
    this.current = undefined;
  }

  #mix(fact: number | string): void {
    if (typeof fact === 'number') this.hash = Math.imul(this.hash ^ (fact | 0), 16777619);
    else for (let i = 0; i < fact.length; i++) this.#mix(fact.charCodeAt(i));
  }

  // A binary heap, by time and then by who came first.
  #push(event: Event): void {
    const queue = this.#queue;
    let at = queue.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, queue[parent] as Event)) break;
      queue[at] = queue[parent] as Event;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop() as Event;
    const length = queue.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(queue[child + 1] as Event, queue[child] as Event)) child++;
      if (!isBefore(queue[child] as Event, last)) break;
      queue[at] = queue[child] as Event;
      at = child;
    }
    queue[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);
