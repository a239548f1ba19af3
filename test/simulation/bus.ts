/** What nodes publish to each other: at most once by nature, and in bad times lost, doubled or out of order. */
import type { Kernel, Process } from './kernel.ts';
import type { Random } from './random.ts';
import type { SimRedis } from './redis.ts';

export interface BusTroubles {
  lost: number;
  doubled: number;
  /** How many take a detour that lets later ones overtake. */
  late: number;
}

/** Also in good times. */
export const calmBus: Readonly<BusTroubles> = { lost: 0.01, doubled: 0.01, late: 0.02 };

interface Listener {
  process: Process;
  receive: (room: string, name: string, data: unknown) => void;
  /** Messages of one connection arrive in order. */
  lastArrival: number;
}

export class SimBus {
  readonly troubles: BusTroubles = { ...calmBus };
  readonly #kernel: Kernel;
  readonly #redis: SimRedis;
  readonly #random: Random;
  #listeners: Listener[] = [];

  constructor(kernel: Kernel, redis: SimRedis) {
    this.#kernel = kernel;
    this.#redis = redis;
    this.#random = kernel.random('bus');
  }

  join(process: Process, receive: Listener['receive']): void {
    this.#listeners = this.#listeners.filter((each) => each.process.alive);
    this.#listeners.push({ process, receive, lastArrival: 0 });
  }

  publish(from: Process, room: string, name: string, data: unknown): void {
    for (const listener of this.#listeners) {
      if (listener.process !== from) this.#send(listener, room, name, data);
    }
  }

  #send(listener: Listener, room: string, name: string, data: unknown): void {
    const redis = this.#redis;
    const random = this.#random;
    if (!redis.up || redis.frozenUntil > this.#kernel.now || random.chance(this.troubles.lost)) return;
    const deliver = (ms: number) =>
      this.#kernel.after(ms, listener.process, () => listener.receive(room, name, data));
    if (random.chance(this.troubles.late)) deliver(random.between(1, 400));
    else {
      const at = Math.max(listener.lastArrival, this.#kernel.now + random.between(0.3, 1.5) + redis.slowMs);
      listener.lastArrival = at;
      deliver(at - this.#kernel.now);
    }
    if (random.chance(this.troubles.doubled)) deliver(random.between(1, 400));
  }
}
