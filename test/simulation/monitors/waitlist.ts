/** What must be true of those who wait: checked at every script that has run, and when all is quiet. */
import { decodeSteps, type WaitlistStep } from '../../../src/redis/waitlist-steps.ts';
import { choose, runsIn } from '../../redis/twin-matching.ts';
import type { Twin } from '../../redis/twin.ts';
import type { TwinEntry } from '../../redis/twin-waitlist.ts';
import type { StoredEntry } from '../postgres-tables.ts';
import type { ScriptRun } from '../redis.ts';
import type { World } from '../world.ts';
import type { Report } from './report.ts';

const classWeight = 1e14;
/** So long after it was written down an entry is known to whoever loads the map. */
const knownMs = 10_000;

export class WaitlistMonitor {
  readonly #world: World;
  readonly #report: Report;
  /** The order that was promised, reckoned from when they joined and what they missed. */
  readonly #orders = new Map<string, number>();
  readonly #joinedAt = new Map<string, number>();
  /** Seats that an entry was offered and did not want. */
  readonly #unwanted = new Map<string, Set<number>>();
  readonly #told = new Set<string>();

  constructor(world: World, report: Report) {
    this.#world = world;
    this.#report = report;
  }

  joined(entry: StoredEntry): void {
    this.#orders.set(entry.id, entry.order);
    this.#joinedAt.set(entry.id, this.#world.kernel.elapsed);
  }

  ran(run: ScriptRun): void {
    const { twin, name, reply } = run;
    const [status, , , , , , , , , flat] = reply as [string, ...unknown[]];
    if (!this.#world.settings.waits || status === 'unloaded' || !twin.meta) return;
    if (name === 'load-event') {
      if (status === 'loaded') this.#loaded(twin);
      return;
    }
    const steps = decodeSteps((flat as string[] | undefined) ?? []);
    const missed = new Set<string>();
    for (const step of steps) {
      if (step.kind !== 'declined' && step.kind !== 'expired') continue;
      missed.add(step.entryId);
      this.#missed(step);
    }
    for (const step of steps) if (step.kind === 'offered') this.#offered(run, step, missed);
    this.#freed(run);
    this.#one(twin);
  }

  #missed({ entryId, at, seats }: WaitlistStep): void {
    const before = this.#orders.get(entryId) ?? 0;
    // Steps that nobody wrote down are told of again.
    if (before % classWeight < at)
      this.#orders.set(entryId, Math.max(Math.floor(before / classWeight) * classWeight + at, before + 1));
    const unwanted = this.#unwanted.get(entryId) ?? new Set();
    this.#unwanted.set(entryId, unwanted);
    for (const seat of seats) unwanted.add(seat);
  }

  #mayBeServed(twin: Twin, entry: TwinEntry): boolean {
    const { booked = 0, holds = [] } = twin.buyers.get(entry.owner) ?? {};
    const live = holds.flatMap((id) => twin.holds.get(id) ?? []);
    const has = live.reduce((sum, hold) => sum + hold.seats.length, booked);
    return (
      !live.some(({ state }) => state === 'o') && has + entry.quantity <= (twin.meta?.seatsPerBuyer ?? 0)
    );
  }

  /** Nobody who came earlier would have taken these seats. */
  #offered(
    { twin, before }: ScriptRun,
    { entryId, seats: all, at, owner }: WaitlistStep,
    missed: ReadonlySet<string>,
  ): void {
    // It is told of again, some time after.
    if (at < this.#world.redis.now) return;
    const own = this.#orders.get(entryId) ?? 0;
    // What was gathered for it before is nobody else's.
    const gathered = before.holds.filter((hold) => hold.state === 'g' && hold.owner === owner);
    const seats = all.filter((seat) => !gathered.some((hold) => hold.seats.includes(seat)));
    const letters = twin.seats.map((_, seat) => (seats.includes(seat) ? 'f' : 'h'));
    for (const id of twin.queue) {
      const entry = twin.entries.get(id);
      const isEarlier = (this.#orders.get(id) ?? own) < own;
      if (!entry || !isEarlier || missed.has(id) || !this.#mayBeServed(twin, entry)) continue;
      if (!choose(runsIn(letters, twin.layout.get(entry.category)), entry.quantity, entry.together)) continue;
      this.#report('WAITLIST', `${seats} were offered to ${entryId}, and ${id} came before it`);
    }
  }

  /** What became free in this call is nobody's who waits. */
  #freed({ before, twin, name }: ScriptRun): void {
    const { meta } = twin;
    const { redis } = this.#world;
    if (!meta || meta.closesAt - redis.now < meta.offerMs) return;
    if (!twin.seats.some((state, seat) => state === 'f' && before.seats[seat] !== 'f')) return;
    for (const id of twin.queue) {
      const entry = twin.entries.get(id);
      if (!entry || !this.#mayBeServed(twin, entry)) continue;
      const runs = runsIn(twin.seats, twin.layout.get(entry.category), undefined, this.#unwanted.get(id));
      const seats = choose(runs, entry.quantity, entry.together);
      if (seats) this.#report('WAITLIST', `${name} shows ${seats} free, and ${id} waits for such`);
    }
  }

  /** A seat is offered to one, and a user has one offer. */
  #one(twin: Twin): void {
    const seats = new Set<number>();
    const owners = new Set<string>();
    for (const hold of twin.holds.values()) {
      if (hold.state !== 'o') continue;
      if (owners.has(hold.owner)) this.#report('WAITLIST', `${hold.owner} has two offers`);
      owners.add(hold.owner);
      for (const seat of hold.seats) {
        if (seats.has(seat)) this.#report('WAITLIST', `seat ${seat} is offered twice`);
        seats.add(seat);
      }
    }
  }

  /** Whoever waits by what PostgreSQL has waits in a map that was loaded anew. */
  #loaded(twin: Twin): void {
    const { postgres, kernel } = this.#world;
    for (const { id, state } of postgres.tables.entries.values()) {
      const since = kernel.elapsed - (this.#joinedAt.get(id) ?? kernel.elapsed);
      if ((state !== 'waiting' && state !== 'offered') || since < knownMs || twin.entries.has(id)) continue;
      if ([...twin.unrecorded.keys()].some((key) => key.startsWith(id))) continue;
      this.#report('WAITLIST', `${id} is forgotten: the map was loaded without it`);
    }
  }

  told(name: string, data: unknown): void {
    if (name !== 'waitlist:promoted') return;
    const { entryId, offer } = data as { entryId: string; offer: { holdId: string } };
    const { tables } = this.#world.postgres;
    const isKnown = tables.offers.get(offer.holdId)?.entryId === entryId;
    if (!isKnown) this.#report('WAITLIST', `an offer to ${entryId} was told that is not written down`);
    const { focus, pointChance } = this.#world.settings;
    const isCalm = focus?.length === 0 && pointChance === 0;
    if (isCalm && this.#told.has(offer.holdId)) this.#report('WAITLIST', `${offer.holdId} was told twice`);
    this.#told.add(offer.holdId);
  }

  /** PostgreSQL and Redis agree who waits, in which order, and for what somebody has an offer. */
  atRest(): void {
    const { redis, postgres, settings } = this.#world;
    const { twin } = redis;
    if (!settings.waits) return;
    if (twin.unrecorded.size > 0)
      this.#report('WAITLIST', `not written down: ${[...twin.unrecorded.keys()]}`);
    for (const { id, state, order } of postgres.tables.entries.values()) {
      const isLive = state === 'waiting' || state === 'offered';
      const there = twin.entries.get(id);
      if (isLive !== (there !== undefined))
        this.#report('WAITLIST', `${id} is ${state}, and Redis has ${there?.state}`);
      else if (there && there.order !== order) this.#report('WAITLIST', `${id} has two places in the queue`);
    }
    for (const { holdId, state } of postgres.tables.offers.values()) {
      if ((state === 'live') !== twin.offers.has(holdId)) {
        this.#report(
          'WAITLIST',
          `offer ${holdId} is ${state}, and Redis has ${twin.holds.get(holdId)?.state}`,
        );
      }
    }
  }
}
