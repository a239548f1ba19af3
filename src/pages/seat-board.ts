/**
 * How every seat looks to this viewer: the hub's map, with what is held and booked by the viewer over it,
 * and what is under way. The map, the list and the counts all read from here.
 */
import { Emitter } from '../client/emitter.ts';
import type { SeatingPlan } from '../seating/plan.ts';
import { states } from '../seats/codec.ts';

/** The first four are the hub's states and keep their numbers; `unknown` until the map is loaded. */
export const looks = { ...states, mine: 4, booked: 5, unknown: 6, offered: 7 } as const;
export const lookNames = ['free', 'held', 'sold', 'blocked', 'mine', 'booked', 'unknown', 'offered'] as const;
export type LookName = (typeof lookNames)[number];

/** `taking`: asked for, no answer yet. `giving`: given back, and the map does not show it yet. */
export type Pending = 'taking' | 'giving';

export interface Tally {
  free: number;
  held: number;
  sold: number;
  blocked: number;
}

interface BoardEvents {
  /** These seats look different now; 'all' after a whole map. */
  changed: number[] | 'all';
}

/** A given-back seat is believed free this long at most when no tick says so. */
const givingMs = 2000;

export class SeatBoard extends Emitter<BoardEvents> {
  readonly plan: SeatingPlan;
  readonly looks: Uint8Array;
  readonly rowOf: Int32Array;
  readonly freeByCategory: Int32Array;
  readonly freeByZone: Int32Array;
  readonly freeByRow: Int32Array;
  readonly tally: Tally = { free: 0, held: 0, sold: 0, blocked: 0 };
  readonly pending = new Map<number, Pending>();
  #states: Uint8Array = new Uint8Array();
  #mine: ReadonlySet<number> = new Set();
  #booked: ReadonlySet<number> = new Set();
  #offered: ReadonlySet<number> = new Set();

  constructor(plan: SeatingPlan) {
    super();
    this.plan = plan;
    this.looks = new Uint8Array(plan.seats.length).fill(looks.unknown);
    this.rowOf = new Int32Array(plan.seats.length);
    plan.rows.forEach((row, index) => {
      this.rowOf.fill(index, row.first, row.first + row.count);
    });
    this.freeByCategory = new Int32Array(plan.categories.length);
    this.freeByZone = new Int32Array(plan.zones.length);
    this.freeByRow = new Int32Array(plan.rows.length);
  }

  get mine(): ReadonlySet<number> {
    return this.#mine;
  }

  get offered(): ReadonlySet<number> {
    return this.#offered;
  }

  lookOf(seat: number): LookName {
    return lookNames[this.looks[seat] ?? looks.unknown] ?? 'unknown';
  }

  /** @param map one byte a seat; kept by reference, so later calls need only name what changed in it */
  setStates(map: Uint8Array, seats: number[] | 'all'): void {
    this.#states = map;
    if (seats === 'all') {
      this.#refreshAll();
      return;
    }
    for (const seat of seats) if (map[seat] !== looks.held) this.pending.delete(seat);
    this.#refresh(seats);
  }

  setMine(seats: Iterable<number>): void {
    const before = this.#mine;
    this.#mine = new Set(seats);
    this.#refresh([...before, ...this.#mine]);
  }

  setBooked(seats: Iterable<number>): void {
    const before = this.#booked;
    this.#booked = new Set(seats);
    this.#refresh([...before, ...this.#booked]);
  }

  /** What is kept for you until you accept or decline it. */
  setOffered(seats: Iterable<number>): void {
    const before = this.#offered;
    this.#offered = new Set(seats);
    this.#refresh([...before, ...this.#offered]);
  }

  setPending(seats: Iterable<number>, pending: Pending | undefined): void {
    const all = [...seats];
    for (const seat of all) {
      // A tick may have said it before the answer came: then there is nothing left to bridge.
      const over = pending === 'giving' && this.#states[seat] !== looks.held;
      if (pending && !over) this.pending.set(seat, pending);
      else this.pending.delete(seat);
    }
    if (pending === 'giving') {
      setTimeout(() => {
        const left = all.filter((seat) => this.pending.get(seat) === 'giving');
        if (left.length > 0) this.setPending(left, undefined);
      }, givingMs);
    }
    this.#refresh(all);
    this.emit('changed', all);
  }

  #lookNow(seat: number): number {
    if (this.#booked.has(seat)) return looks.booked;
    if (this.#mine.has(seat)) return looks.mine;
    if (this.#offered.has(seat)) return looks.offered;
    const state = this.#states[seat] ?? looks.unknown;
    return state === looks.held && this.pending.get(seat) === 'giving' ? looks.free : state;
  }

  #refresh(seats: Iterable<number>): void {
    const different: number[] = [];
    for (const seat of seats) {
      const look = this.#lookNow(seat);
      const before = this.looks[seat];
      if (before === undefined || before === look) continue;
      this.#count(seat, before, -1);
      this.#count(seat, look, 1);
      this.looks[seat] = look;
      different.push(seat);
    }
    if (different.length > 0) this.emit('changed', different);
  }

  #refreshAll(): void {
    for (const counts of [this.freeByCategory, this.freeByZone, this.freeByRow]) counts.fill(0);
    Object.assign(this.tally, { free: 0, held: 0, sold: 0, blocked: 0 });
    for (let seat = 0; seat < this.looks.length; seat++) {
      if (this.#states[seat] !== looks.held) this.pending.delete(seat);
      const look = this.#lookNow(seat);
      this.looks[seat] = look;
      this.#count(seat, look, 1);
    }
    this.emit('changed', 'all');
  }

  #count(seat: number, look: number, by: 1 | -1): void {
    if (look === looks.held || look === looks.mine || look === looks.offered) this.tally.held += by;
    else if (look === looks.sold || look === looks.booked) this.tally.sold += by;
    else if (look === looks.blocked) this.tally.blocked += by;
    if (look !== looks.free) return;
    this.tally.free += by;
    const row = this.rowOf[seat] as number;
    const { category, zone } = this.plan.seats[seat] as { category: number; zone: number };
    for (const [counts, at] of [
      [this.freeByCategory, category],
      [this.freeByZone, zone],
      [this.freeByRow, row],
    ] as const) {
      counts[at] = (counts[at] as number) + by;
    }
  }
}
