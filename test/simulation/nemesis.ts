/**
 * What goes wrong in a run, by its seed: nodes that end or stop for a while, at any await too; a Redis that loses
 * everything, or its last second, or its time; a PostgreSQL that is slow, away, or commits and says nothing. Each
 * seed has some of it, and at the end everything is healed.
 */
import { Twin } from '../redis/twin.ts';
import { calmBus } from './bus.ts';
import type { Process } from './kernel.ts';
import type { SimNode } from './node.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export class Nemesis {
  readonly #world: World;
  readonly #random: Random;
  /** How likely something happens to a node at one of its awaits. */
  #pointChance = 0;
  /** When the clock of Redis jumped last, in ms since the run began. */
  jumpedAt = Number.NEGATIVE_INFINITY;
  /** Counts losses of what Redis knew. */
  losses = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.kernel.random('nemesis');
  }

  /** Plans the run. */
  begin(): void {
    const random = this.#random;
    const { activeMs } = this.#world.settings;
    const kinds =
      this.#world.settings.focus ?? random.some(Object.keys(troubles) as Trouble[], random.whole(0, 5));
    if (random.chance(0.5)) this.#pointChance = random.pick([0.001, 0.004, 0.015, 0.05]);
    this.#pointChance = this.#world.settings.pointChance ?? this.#pointChance;
    for (const kind of kinds) {
      const times = this.#world.settings.focus ? random.whole(3, 6) : random.whole(1, 3);
      for (let time = 0; time < times; time++) {
        const ms = random.between(100, 10_000);
        this.#at(random.between(1000, activeMs - 2000), () => {
          this.#world.kernel.note(() => `nemesis: ${kind} for ${ms.toFixed(0)} ms`, kind);
          troubles[kind](this, ms);
        });
      }
    }
    this.#at(activeMs, () => this.#heal());
  }

  #at(ms: number, work: () => void): void {
    this.#world.kernel.after(ms, undefined, work);
  }

  /** So long, but not beyond the healing. */
  #within(ms: number): number {
    return Math.max(0, Math.min(ms, this.#world.settings.activeMs - this.#world.kernel.elapsed));
  }

  /**
   * A call of a node has an answer on the way. Something may happen to the node before it comes, or when it has come
   * and what follows is not done.
   */
  point(node: SimNode, answerInMs: number): void {
    if (!this.#random.chance(this.#pointChance)) return;
    const crashes = this.#random.chance(0.4);
    const ms = this.#random.between(50, 20_000);
    const at = this.#random.chance(0.5) ? answerInMs : this.#random.between(0, answerInMs);
    this.#at(at, () => {
      if (this.#isOver || !node.process.alive) return;
      if (crashes) this.crash(node);
      else this.pause(node.process, ms);
    });
  }

  get #isOver(): boolean {
    return this.#world.kernel.elapsed >= this.#world.settings.activeMs;
  }

  crash(node: SimNode): void {
    const { kernel, redis } = this.#world;
    if (!node.process.alive) return;
    kernel.note(() => `nemesis: ${node.process.name} is killed`, node.process.name);
    node.process.alive = false;
    for (const connection of [...node.connections]) connection.cut();
    redis.links.delete(node.links);
    this.#at(this.#random.between(300, 5000), () => this.#world.startNode(node.process.name));
  }

  crashAny(): void {
    this.crash(this.#random.pick(this.#world.nodes));
  }

  pause(process: Process, ms: number): void {
    this.#world.kernel.note(() => `nemesis: ${process.name} stops for ${ms.toFixed(0)} ms`, process.name);
    process.pausedUntil = Math.max(process.pausedUntil, this.#world.kernel.now + this.#within(ms));
  }

  pauseAny(ms: number): void {
    this.pause(this.#random.pick(this.#world.nodes).process, ms);
  }

  /** Not a fault, but the largest of all changes; late, or little would be sold. */
  cancelEvent(): void {
    const left = this.#world.settings.activeMs - this.#world.kernel.elapsed;
    this.#at(left * this.#random.between(0.5, 1), () => {
      const node = this.#random.pick(this.#world.nodes);
      const { process } = node;
      if (process.alive) this.#world.kernel.after(0, process, () => node.cancelEvent());
    });
  }

  cutViewers(): void {
    for (const viewer of this.#world.viewers) if (this.#random.chance(0.6)) viewer.cut();
  }

  /** Redis ends and comes back with what is kept then. */
  restart(ms: number, kept: () => { twin: Twin; loadedEvents: Set<string> }): void {
    const { redis } = this.#world;
    if (!redis.up) return;
    const left = kept();
    redis.stop();
    this.#at(this.#random.chance(0.5) ? 5 : this.#within(ms), () => redis.start(left));
  }

  restartKeeping(ms: number): void {
    this.restart(ms, () => this.#world.redis.kept());
  }

  restartEmpty(ms: number): void {
    this.losses++;
    this.restart(ms, () => ({ twin: new Twin(), loadedEvents: new Set() }));
  }

  /** What was written in the last moments before it ended is not on disk. */
  loseTail(ms: number): void {
    const { redis } = this.#world;
    if (!redis.up) return;
    const { life } = redis;
    const kept = redis.kept();
    this.#at(this.#random.between(20, 2000), () => {
      if (!redis.up || redis.life !== life) return;
      this.losses++;
      this.restart(ms, () => kept);
    });
  }

  flush(): void {
    const { redis } = this.#world;
    if (!redis.up) return;
    this.losses++;
    redis.twin = new Twin();
    redis.loadedEvents = new Set();
  }

  freezeRedis(ms: number): void {
    const { redis, kernel } = this.#world;
    redis.frozenUntil = Math.max(redis.frozenUntil, kernel.now + this.#within(ms));
  }

  jump(): void {
    const { redis } = this.#world;
    redis.skewMs = Math.max(-10_000, redis.skewMs + this.#random.between(-20_000, 20_000));
    this.jumpedAt = this.#world.kernel.elapsed;
  }

  slowRedis(ms: number): void {
    const { redis } = this.#world;
    redis.slowMs = this.#random.between(20, 650);
    this.#at(ms, () => {
      redis.slowMs = 0;
    });
  }

  outage(ms: number): void {
    const { postgres } = this.#world;
    if (!postgres.up) return;
    postgres.stop();
    this.#at(this.#within(ms), () => postgres.start());
  }

  /** One of the troubles of PostgreSQL, for a while. */
  trouble(set: 'cutChance' | 'slowCommitChance' | 'abortChance', ms: number): void {
    const { troubles } = this.#world.postgres;
    troubles[set] = this.#random.between(0.05, 0.6);
    troubles.slowCommitMs = this.#random.pick([500, 5000, 25_000]);
    this.#at(ms, () => {
      troubles[set] = 0;
    });
  }

  noise(ms: number): void {
    const { troubles } = this.#world.bus;
    troubles.lost = this.#random.between(0, 0.6);
    troubles.doubled = this.#random.between(0, 0.4);
    troubles.late = this.#random.between(0, 0.5);
    this.#at(ms, () => Object.assign(troubles, calmBus));
  }

  #heal(): void {
    const { kernel, redis, postgres, bus } = this.#world;
    kernel.note(() => 'nemesis: everything is healed');
    Object.assign(postgres.troubles, { cutChance: 0, slowCommitChance: 0, abortChance: 0 });
    Object.assign(bus.troubles, calmBus);
    redis.slowMs = 0;
  }
}

export type Trouble = keyof typeof troubles;

const troubles = {
  'a node is killed': (nemesis: Nemesis) => nemesis.crashAny(),
  'a node stops': (nemesis: Nemesis, ms: number) => nemesis.pauseAny(ms * 2),
  'viewers lose their connection': (nemesis: Nemesis) => nemesis.cutViewers(),
  'the event is cancelled': (nemesis: Nemesis) => nemesis.cancelEvent(),
  'Redis restarts': (nemesis: Nemesis, ms: number) => nemesis.restartKeeping(ms),
  'Redis restarts empty': (nemesis: Nemesis, ms: number) => nemesis.restartEmpty(ms),
  'Redis loses its tail': (nemesis: Nemesis, ms: number) => nemesis.loseTail(ms),
  'Redis is flushed': (nemesis: Nemesis) => nemesis.flush(),
  'Redis freezes': (nemesis: Nemesis, ms: number) => nemesis.freezeRedis(ms),
  'Redis is slow': (nemesis: Nemesis, ms: number) => nemesis.slowRedis(ms),
  'the clock of Redis jumps': (nemesis: Nemesis) => nemesis.jump(),
  'PostgreSQL is away': (nemesis: Nemesis, ms: number) => nemesis.outage(ms),
  'PostgreSQL loses answers': (nemesis: Nemesis, ms: number) => nemesis.trouble('cutChance', ms),
  'PostgreSQL commits slowly': (nemesis: Nemesis, ms: number) => nemesis.trouble('slowCommitChance', ms),
  'PostgreSQL aborts': (nemesis: Nemesis, ms: number) => nemesis.trouble('abortChance', ms),
  'the bus is noisy': (nemesis: Nemesis, ms: number) => nemesis.noise(ms),
};
