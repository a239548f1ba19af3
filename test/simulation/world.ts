/** Everything of one run: three nodes, their services, seven buyers, three viewers, and what goes wrong. */

import type { EventCard } from '../../src/events/events.ts';
import { inSimulatedAir } from './ambient.ts';
import { SimBus } from './bus.ts';
import { SimBuyer } from './buyer.ts';
import { Kernel, Process } from './kernel.ts';
import { Monitors, type Violation } from './monitors.ts';
import type { Mutant } from './mutants/mutant.ts';
import { Nemesis, type Trouble } from './nemesis.ts';
import { SimNode } from './node.ts';
import { SimPostgres } from './postgres.ts';
import { SimRedis } from './redis.ts';
import { SimViewer } from './viewer.ts';

const nodeNames = ['node-1', 'node-2', 'node-3'];
const holdMs = 15_000;
/** From the healing to the end: a hold, the grace of a confirm, and time to settle. */
const quietMs = 40_000;

export interface Settings {
  /** How long people act and things go wrong. */
  activeMs: number;
  /** What goes wrong, instead of what the seed says. */
  focus: Trouble[] | undefined;
  /** How likely something happens at an await, instead of what the seed says. */
  pointChance: number | undefined;
  /** Whether nodes compare Redis with PostgreSQL: nothing else may rely on it. */
  reconciles: boolean;
  /** Whether people wait for what is taken. */
  waits: boolean;
  /** How wrong the clocks of the nodes are. */
  skewMs: Record<string, number>;
}

export class World {
  readonly kernel: Kernel;
  readonly settings: Settings;
  readonly eventId = '0199aaaa-0000-7000-8000-000000000001';
  readonly seatCount = 12;
  readonly card: EventCard;
  readonly postgres: SimPostgres;
  readonly redis: SimRedis;
  readonly bus: SimBus;
  readonly nemesis: Nemesis;
  readonly monitors: Monitors;
  readonly nodes: SimNode[] = [];
  readonly viewers: SimViewer[];
  readonly #mutant: Mutant | undefined;

  constructor(kernel: Kernel, mutant: Mutant | undefined) {
    this.kernel = kernel;
    this.#mutant = mutant;
    const random = kernel.random('world');
    const skew = () => (random.chance(0.2) ? random.between(-3_600_000, 3_600_000) : random.between(-50, 50));
    this.settings = {
      activeMs: 30_000,
      focus: mutant?.focus,
      pointChance: mutant?.pointChance,
      reconciles: random.chance(0.4),
      // By chance of its own: the other runs stay as they were.
      waits: mutant ? (mutant.waits ?? false) : kernel.random('waits').chance(0.5),
      skewMs: Object.fromEntries(nodeNames.map((name) => [name, skew()])),
    };
    this.card = makeCard(this.eventId, this.seatCount);
    this.postgres = new SimPostgres(kernel, mutant?.statements);
    const { startsAt } = this.card;
    this.postgres.tables.events.set(this.eventId, {
      id: this.eventId,
      organizerId: 'organizer',
      status: 'published',
      startsAt,
    });
    this.redis = new SimRedis(kernel, mutant?.redis ?? {});
    this.bus = new SimBus(kernel, this.redis);
    this.nemesis = new Nemesis(this);
    this.monitors = new Monitors(this);
    for (const name of nodeNames) this.startNode(name);
    for (let n = 1; n <= 7; n++) new SimBuyer(this, `buyer-${n}`);
    this.viewers = [1, 2, 3].map((n) => new SimViewer(this, `viewer-${n}`));
  }

  startNode(name: string): void {
    const process = new Process(name);
    // What it does while it starts is its doing already.
    const before = this.kernel.current;
    this.kernel.current = process;
    const node = new SimNode(this, process);
    this.#mutant?.node?.(node, this);
    node.start();
    this.kernel.current = before;
    const at = this.nodes.findIndex((each) => each.process.name === name);
    if (at < 0) this.nodes.push(node);
    else this.nodes[at] = node;
    this.kernel.note(() => `${name} starts`, name);
  }

  run(): void {
    this.nemesis.begin();
    this.kernel.run(this.settings.activeMs);
    // Once everything has come to rest, and stays so for a moment, nothing more happens.
    let restsFor = 0;
    for (let ms = 0; ms < quietMs && restsFor < 3; ms += 1000) {
      this.kernel.run(1000);
      restsFor = this.postgres.isIdle && this.monitors.isAtRest() ? restsFor + 1 : 0;
    }
    this.monitors.atRest();
  }
}

function makeCard(id: string, seatCount: number): EventCard {
  const seats = Array.from({ length: seatCount }, (_, index) => ({
    index,
    label: `Seat ${index}`,
    number: `${index}`,
    category: 0,
  }));
  return {
    id,
    organizerId: 'organizer',
    planId: 'plan',
    status: 'published',
    isPublic: true,
    startsAt: Date.UTC(2031, 0, 1),
    sellMode: 'online',
    salesStartAt: 0,
    salesEndAt: Number.POSITIVE_INFINITY,
    currency: 'EUR',
    prices: { Stalls: 1000 },
    rules: {
      holdMs,
      seatsPerHold: 4,
      seatsPerBuyer: 6,
      extensions: 1,
      payment: 'none',
      payingMs: 900_000,
      cancelBeforeMs: 0,
      offerMs: 4000,
    },
    plan: {
      categories: [{ name: 'Stalls', color: '#000000' }],
      zones: [{ name: '' }],
      rows: [0, seatCount / 2].map((first) => ({ zone: 0, label: '', first, count: seatCount / 2 })),
      seats,
    } as unknown as EventCard['plan'],
  };
}

export interface RunResult {
  seed: number;
  violations: Violation[];
  hash: number;
  steps: number;
  bookings: number;
  acknowledged: number;
  cancelled: number;
}

/** One seed, one run. `tell` is told all that happens. */
export function simulate(seed: number, mutant?: Mutant, tell?: (text: string) => void): Promise<RunResult> {
  // Not from a microtask, or none of the simulated ones would run.
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(runSeed(seed, mutant, tell));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function runSeed(seed: number, mutant?: Mutant, tell?: (text: string) => void): RunResult {
  const kernel = new Kernel(seed);
  return inSimulatedAir(kernel, () => {
    if (tell) kernel.tell = (text) => tell(`${(kernel.elapsed / 1000).toFixed(4).padStart(9)} ${text}`);
    const world = new World(kernel, mutant);
    const takeOut = mutant?.plant?.();
    try {
      world.run();
    } finally {
      takeOut?.();
    }
    const { monitors, postgres } = world;
    const bookings = [...postgres.tables.bookings.values()];
    return {
      seed,
      violations: monitors.violations,
      hash: kernel.hash >>> 0,
      steps: kernel.steps,
      bookings: bookings.length,
      acknowledged: monitors.acknowledged,
      cancelled: bookings.filter(({ status }) => status === 'cancelled').length,
    };
  });
}
