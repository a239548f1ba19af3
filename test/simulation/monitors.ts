/** All that is watched in a run, one monitor for each promise. Each kind of violation is kept once, the first. */
import type { Reply } from './connection.ts';
import { HoldsMonitor } from './monitors/holds.ts';
import { SalesMonitor } from './monitors/sales.ts';
import { ViewsMonitor } from './monitors/views.ts';
import { WaitlistMonitor } from './monitors/waitlist.ts';
import type { SimNode } from './node.ts';
import type { SimViewer } from './viewer.ts';
import type { World } from './world.ts';

export interface Violation {
  invariant: string;
  story: string;
  /** ms since the run began */
  at: number;
}

/** No confirm takes longer while its node runs, whatever is away; nor the rest, which may wait for its first asker. */
const confirmMs = 10_000;
const answerMs = 20_000;

export class Monitors {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #sales: SalesMonitor;
  readonly #holds: HoldsMonitor;
  readonly #views: ViewsMonitor;
  readonly #waitlist: WaitlistMonitor;

  constructor(world: World) {
    this.#world = world;
    const report = (invariant: string, story: string) => this.#report(invariant, story);
    this.#sales = new SalesMonitor(world, report);
    this.#holds = new HoldsMonitor(world, report);
    this.#views = new ViewsMonitor(world, report);
    this.#waitlist = new WaitlistMonitor(world, report);
    world.redis.onScript = (run) => {
      const [status, , , , , , , fields] = run.reply as [string, ...unknown[]];
      if (run.name === 'begin-confirm' && status === 'confirming') {
        this.#sales.begun(run.args[1] ?? '', (fields as string[])[1] ?? '');
      }
      this.#holds.ran(run);
      this.#views.ran(run);
      this.#waitlist.ran(run);
    };
    world.postgres.onCommit = (facts) => {
      for (const fact of facts) {
        this.#sales.committed(fact);
        if (fact.kind === 'booked') this.#holds.booked(fact.booking);
        if (fact.kind === 'joined') this.#waitlist.joined(fact.entry);
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

  /** A node begins to work on a request. Returns what to call when it has answered. */
  asked({ process }: SimNode, message: string): () => void {
    const { kernel } = this.#world;
    const atMostMs = message === 'bookings:confirm' ? confirmMs : answerMs;
    let isOpen = true;
    const watch = (from: number) => {
      kernel.after(atMostMs, process, () => {
        if (!isOpen) return;
        // What it waited for while it stood still does not count.
        if (process.pausedUntil > from) watch(kernel.now);
        else this.#report('WAITFOREVER', `${process.name} works on ${message} for more than ${atMostMs} ms`);
      });
    };
    watch(kernel.now);
    return () => {
      isOpen = false;
    };
  }

  internal(error: unknown): void {
    this.#report('INTERNAL', String(error instanceof Error ? error.stack : error));
  }

  told(name: string, data: unknown): void {
    this.#sales.told(name, data);
    this.#waitlist.told(name, data);
  }

  confirming(holdId: string, userId: string): void {
    this.#world.kernel.tell?.(`${userId} confirms ${holdId}`);
    this.#sales.undecided.add(holdId);
  }

  /** Nobody waits for an answer any more. */
  gaveUp(holdId: string): undefined {
    this.#sales.undecided.delete(holdId);
  }

  confirmed(holdId: string, reply: Reply): void {
    this.#sales.confirmed(holdId, reply);
  }

  seen(viewer: SimViewer): void {
    this.#views.seen(viewer);
  }

  /** Whether all that is checked at the end holds by now. */
  isAtRest(): boolean {
    const known = this.violations.length;
    const { tell } = this.#world.kernel;
    this.#world.kernel.tell = undefined;
    this.atRest();
    this.#world.kernel.tell = tell;
    const isAtRest = this.violations.length === known;
    this.violations.length = known;
    return isAtRest;
  }

  atRest(): void {
    this.#sales.atRest();
    this.#views.atRest();
    this.#waitlist.atRest();
  }
}
