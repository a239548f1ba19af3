/** What must be true of holds and of the map in Redis: checked at every script that has run. */
import type { Twin } from '../../redis/twin.ts';
import type { StoredBooking } from '../postgres-tables.ts';
import type { MapBefore, ScriptRun } from '../redis.ts';
import type { World } from '../world.ts';
import type { Report } from './report.ts';

type HoldBefore = MapBefore['holds'][number];

/** So much later than its time a hold may still be there: a round of the sweeper, and its way. */
const lateMs = 2000;
/** How long a node and Redis must have been well before that counts. */
const calmMs = 3500;
/** A visit that was planned before the clock jumped comes within ten seconds. */
const afterJumpMs = 12_000;

export class HoldsMonitor {
  readonly #world: World;
  readonly #report: Report;
  /** The epochs in which a hold began to be booked. */
  readonly #epochs = new Map<string, Set<string>>();
  /** What requests to hold were answered, as long as Redis has lost nothing. */
  readonly #held = new Map<string, string>();
  /** Seats of bookings that were shown as cancelled. */
  readonly #freedSeats = new Set<string>();
  #losses = 0;
  /**
   * Seats of holds that were sold to somebody else by a confirm from before Redis lost its hold: the hold has lost
   * them, whatever becomes of that booking.
   */
  readonly #overtaken = new Set<string>();
  /** When holds went on as held that were being booked, perhaps beyond their time. */
  readonly #resumedAt = new Map<string, number>();
  readonly #calmSince = new Map<string, number>();

  constructor(world: World, report: Report) {
    this.#world = world;
    this.#report = report;
    this.#lookAround();
  }

  ran(run: ScriptRun): void {
    const { twin, before, name, args, reply } = run;
    const [status] = reply as [string];
    if (status === 'unloaded') return;
    this.#compareSeats(run);
    for (const hold of before.holds) {
      // What is kept for somebody who waits ends in ways of its own (`waitlist.ts`).
      if (hold.state === 'o' || hold.state === 'g') continue;
      const now = twin.holds.get(hold.id);
      if (!now || now.seats.length < hold.seats.length) this.#ended(run, hold);
    }
    if (name === 'begin-confirm' && status === 'confirming') {
      const holdId = args[1] ?? '';
      const epochs = this.#epochs.get(holdId) ?? new Set();
      this.#epochs.set(holdId, epochs.add(twin.meta?.epoch ?? ''));
    }
    if (name === 'hold-seats') this.#asked(run, status);
    if (name === 'resume-hold') this.#resumedAt.set(args[0] ?? '', this.#world.redis.now);
    if (name === 'free-seats' || name === 'finish-confirm') this.#shown(run);
  }

  /** A seat is shown sold only after it was, and not taken back before it was cancelled. */
  #compareSeats({ before, twin, name }: ScriptRun): void {
    const { tables } = this.#world.postgres;
    for (let seat = 0; seat < twin.seats.length; seat++) {
      const [was, is] = [before.seats[seat], twin.seats[seat]];
      if (was === is || was === undefined) continue;
      const active = tables.activeBookings(this.#world.eventId, seat);
      if (is === 's' && active.length === 0 && !this.#everSold(seat)) {
        this.#report('TRUTH-ORDER', `${name} shows seat ${seat} as sold, which nobody has bought`);
      }
      if (is === 's' && active[0]) this.#overtake(seat, twin, active[0].holdId);
      if (is === 'f') this.#freed(seat, twin, name);
      if (was === 's' && is !== 's' && active[0]) {
        this.#report('TRUTH-ORDER', `${name} shows seat ${seat} as ${is}, which ${active[0].userId} has`);
      }
    }
  }

  /** What was cancelled, and shown as free, is not shown as sold again by its own sale. */
  #shown({ name, args, before, twin }: ScriptRun): void {
    this.#forgetLost();
    const booking = (name === 'free-seats' ? args[1] : args[2]) ?? '';
    for (const seat of args.slice(3).map(Number)) {
      const key = `${booking} ${seat}`;
      if (name === 'free-seats') this.#freedSeats.add(key);
      else if (this.#freedSeats.has(key) && before.seats[seat] !== 's' && twin.seats[seat] === 's') {
        this.#report(
          'TRUTH-ORDER',
          `seat ${seat} of ${booking} was cancelled and free, and is shown as sold`,
        );
      }
    }
  }

  #forgetLost(): void {
    if (this.#losses === this.#world.nemesis.losses) return;
    this.#losses = this.#world.nemesis.losses;
    this.#held.clear();
    this.#freedSeats.clear();
  }

  #overtake(seat: number, twin: Twin, by: string): void {
    for (const hold of twin.holds.values()) {
      if (hold.id !== by && hold.seats.includes(seat)) this.#overtaken.add(`${hold.id} ${seat}`);
    }
  }

  /** Nobody has a seat that is free. */
  #freed(seat: number, twin: Twin, name: string): void {
    for (const hold of twin.holds.values()) {
      if (!hold.seats.includes(seat) || this.#overtaken.has(`${hold.id} ${seat}`)) continue;
      if (hold.state !== 'c' && hold.till <= this.#world.redis.now) continue;
      this.#report('STEAL', `${name} frees seat ${seat}, which ${hold.owner} holds (${hold.id})`);
    }
  }

  #everSold(seat: number): boolean {
    const bookings = this.#world.postgres.tables.bookings.values();
    return [...bookings].some(({ seats }) => seats.some((line) => line.seat === seat));
  }

  /** A live hold ends by its owner, by its time, by a decision of PostgreSQL, or not at all. */
  #ended(run: ScriptRun, hold: HoldBefore): void {
    const { name, args } = run;
    const now = this.#world.redis.now;
    if (hold.state !== 'c' && hold.till <= now) return;
    const { tables } = this.#world.postgres;
    const outcome = tables.outcomes.get(`${this.#world.eventId} ${hold.id}`)?.outcome;
    const isAllowed: Record<string, () => boolean> = {
      'release-seats': () => args[0] === hold.owner && args[3] === hold.id,
      'finish-confirm': () => args[1] === hold.id && outcome === 'booked',
      'abort-confirm': () => args[0] === hold.id && (outcome === 'refused' || this.#isCancelled(hold.id)),
      'free-seats': () => args[2] === hold.id && outcome === 'booked',
      'close-event': () => tables.events.get(this.#world.eventId)?.status === 'cancelled',
      'load-event': () => hold.seats.some((seat) => this.#everSold(seat)) || this.#overlaps(run, hold),
    };
    if (isAllowed[name]?.()) return;
    const rest = run.twin.holds.get(hold.id)?.seats ?? [];
    this.#report('STEAL', `${name} took ${hold.id} of ${hold.owner} (${hold.seats}), now it has (${rest})`);
  }

  #isCancelled(holdId: string): boolean {
    return this.#world.postgres.tables.bookingOf(holdId)?.status === 'cancelled';
  }

  /** Two that survived a Redis on one seat: one of them stays. */
  #overlaps({ before }: ScriptRun, hold: HoldBefore): boolean {
    return before.holds.some(
      (other) => other.id !== hold.id && other.seats.some((seat) => hold.seats.includes(seat)),
    );
  }

  /** All or none, and the same request gets the same answer. */
  #asked({ args, reply, before, twin }: ScriptRun, status: string): void {
    const [owner = '', request = '', , fresh = '', into = ''] = args;
    const seats = args.slice(5).map(Number);
    const key = `${owner} ${request}`;
    this.#forgetLost();
    const first = this.#held.get(key);
    if (status === 'held') {
      const id = into || fresh;
      const hold = twin.holds.get(id);
      if (seats.some((seat) => twin.seats[seat] !== 'h' || !hold?.seats.includes(seat))) {
        this.#report('ATOMIC', `${id} was given ${hold?.seats}, and asked for ${seats}`);
      }
      const has = (other: HoldBefore) =>
        other.seats.some((seat) => seats.includes(seat) && !this.#overtaken.has(`${other.id} ${seat}`));
      const taken = before.holds.find((other) => other.id !== id && twin.holds.has(other.id) && has(other));
      if (taken) this.#report('OWNER', `${id} was given seats that ${taken.id} has`);
      if (first) this.#report('IDEM', `${key} was done twice: ${first} and ${id}`);
      this.#held.set(key, id);
    } else if (status !== 'repeat' && status !== 'reused') {
      if (first && status === 'taken') this.#report('IDEM', `${key} was answered ${first}, then ${reply}`);
      const kept = [...twin.holds.values()].filter(({ state }) => state === 'o' || state === 'g');
      const isKept = (seat: number) => kept.some((hold) => hold.seats.includes(seat));
      const grown = seats.filter(
        (seat) => before.seats[seat] === 'f' && twin.seats[seat] === 'h' && !isKept(seat),
      );
      if (grown.length > 0) this.#report('ATOMIC', `${owner} was refused, but ${grown} are held`);
    }
  }

  /** Nobody buys what somebody else holds, unless Redis has lost something since. */
  booked(booking: StoredBooking): void {
    const { redis } = this.#world;
    const { twin } = redis;
    if (!twin.meta || twin.meta.run !== redis.runId) return;
    if (!this.#epochs.get(booking.holdId)?.has(twin.meta.epoch)) return;
    for (const hold of twin.holds.values()) {
      if (hold.id === booking.holdId || (hold.state !== 'c' && hold.till <= redis.now)) continue;
      const both = booking.seats.filter(
        ({ seat }) =>
          hold.seats.includes(seat) &&
          twin.seats[seat] === 'h' &&
          !this.#overtaken.has(`${hold.id} ${seat}`) &&
          // A sale of before Redis was lost went over this hold, was cancelled, and somebody else held the seat.
          !this.#overtaken.has(`${booking.holdId} ${seat}`),
      );
      if (both.length > 0) {
        const seats = both.map(({ seat }) => seat);
        this.#report('LIVEHOLD', `${booking.holdId} bought ${seats}, which ${hold.owner} holds (${hold.id})`);
      }
    }
  }

  /** Twice a second: is there a hold that should be gone? */
  #lookAround(): void {
    const { kernel } = this.#world;
    kernel.after(500, undefined, () => {
      this.#lookAround();
      const { redis, nodes, nemesis } = this.#world;
      const { twin } = redis;
      const isWell = redis.up && redis.frozenUntil <= kernel.now && redis.slowMs === 0;
      const calm = (name: string, isCalm: boolean) => {
        if (!isCalm) this.#calmSince.set(name, kernel.elapsed);
        return kernel.elapsed - (this.#calmSince.get(name) ?? 0) > calmMs;
      };
      const redisCalm = calm('redis', isWell && twin.meta?.run === redis.runId);
      const calmNodes = nodes.filter(({ process, links }) =>
        calm(process.name, process.alive && process.pausedUntil <= kernel.now && links.available),
      );
      if (!redisCalm || calmNodes.length === 0) return;
      if (kernel.elapsed - nemesis.jumpedAt < afterJumpMs) return;
      for (const hold of twin.holds.values()) {
        const due = Math.max(hold.till, this.#resumedAt.get(hold.id) ?? 0);
        if (hold.state !== 'c' && due < redis.now - lateMs) {
          this.#report('TTL', `${hold.id} is ${redis.now - hold.till} ms over its time`);
        }
      }
    });
  }
}
