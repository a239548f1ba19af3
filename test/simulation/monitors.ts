/** All that is watched in a run, one monitor for each promise. Each kind of violation is kept once, the first. */
import type { Reply } from './connection.ts';
import { HoldsMonitor } from './monitors/holds.ts';
import { SalesMonitor } from './monitors/sales.ts';
import { ViewsMonitor } from './monitors/views.ts';
import type { SimNode } from './node.ts';
import type { SimViewer } from './viewer.ts';
import type { World } from './world.ts';

export interface Violation {
  invariant: string;
  story: string;
  /** ms since the run began */
  at: number;
}

/** No request takes longer while its node runs, whatever is away. */
const answerMs = 20_000;

export class Monitors {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #sales: SalesMonitor;
  readonly #holds: HoldsMonitor;
  readonly #views: ViewsMonitor;
  /** Requests under way at each node. */
  readonly #open = new Map<string, number[]>();

  constructor(world: World) {
    this.#world = world;
    const report = (invariant: string, story: string) => this.#report(invariant, story);
    this.#sales = new SalesMonitor(world, report);
    this.#holds = new HoldsMonitor(world, report);
    this.#views = new ViewsMonitor(world, report);
    world.redis.onScript = (run) => {
      const [status, , , , , , , fields] = run.reply as [string, ...unknown[]];
      if (run.name === 'begin-confirm' && status === 'confirming') {
        this.#sales.begun(run.args[1] ?? '', (fields as string[])[1] ?? '');
      }
      this.#holds.ran(run);
      this.#views.ran(run);
    };
    world.postgres.onCommit = (facts) => {
      for (const fact of facts) {
        this.#sales.committed(fact);
        if (fact.kind === 'booked') this.#holds.booked(fact.booking);
      }
    };
  }

  get acknowledged(): number {
    return this.#sales.acknowledged;
  }

  #report(invariant: string, story: string): void {
    const { kernel } = this.#world;
    kernel.tell?.(`VIOLATION ${invariant}: ${story}`);
    if (this.violations.some((each) => each.invariant === invariant)) return;
    this.violations.push({ invariant, story, at: kernel.elapsed });
  }

  asked(node: SimNode, message: string): void {
    const { kernel } = this.#world;
    const { name } = node.process;
    const open = this.#open.get(name) ?? [];
    open.push(kernel.elapsed);
    this.#open.set(name, open);
    void message;
  }

  answered(node: SimNode, message: string): void {
    void node;
    void message;
  }

  internal(error: unknown): void {
    this.#report('INTERNAL', String(error instanceof Error ? error.stack : error));
  }

  told(name: string, data: unknown): void {
    this.#sales.told(name, data);
  }

  confirming(holdId: string, userId: string): void {
    this.#world.kernel.tell?.(`${userId} confirms ${holdId}`);
    this.#sales.undecided.add(holdId);
  }

  confirmed(holdId: string, reply: Reply): void {
    this.#sales.confirmed(holdId, reply);
  }

  seen(viewer: SimViewer): void {
    this.#views.seen(viewer);
  }

  atRest(): void {
    this.#sales.atRest();
    this.#views.atRest();
  }
}

void answerMs;
