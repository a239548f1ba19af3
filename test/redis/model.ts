/**
 * What the scripts should do, written as plainly as possible: no time but "due", no positions but "something
 * changed", no Redis. PostgreSQL is in it as the list of bookings.
 */
import type { RawHold } from '../../src/redis/scripts/script.ts';

export interface ModelRules {
  seatsPerHold: number;
  seatsPerBuyer: number;
  extensions: number;
}

export interface ModelHold {
  id: string;
  owner: string;
  seats: number[];
  booking: boolean;
  due: boolean;
  extensions: number;
  attempts: number;
}

type ModelAnswer = { status: string } & Record<string, unknown>;

export interface ModelBooking {
  holdId: string;
  owner: string;
  seats: number[];
}

export class InventoryModel {
  seats: string[];
  holds = new Map<string, ModelHold>();
  bookings: ModelBooking[] = [];
  firstAnswers = new Map<string, { fingerprint: string; answer: ModelAnswer }>();
  onSale = true;
  /** What the last call did beside its answer. */
  changed = false;
  lapsed: string[] = [];
  unsettled: string[] = [];
  readonly rules: ModelRules;

  constructor(count: number, rules: ModelRules) {
    this.seats = new Array<string>(count).fill('f');
    this.rules = rules;
  }

  /** Every call begins with this. */
  begin(): void {
    this.changed = false;
    this.lapsed = [];
    this.unsettled = [];
    for (const hold of [...this.holds.values()].filter(({ due }) => due)) {
      if (hold.booking) this.unsettled.push(hold.id);
      else this.#end(hold, this.lapsed);
      hold.due = false;
    }
  }

  hold(owner: string, seats: number[], id: string, into: string | undefined): ModelAnswer {
    if (!this.onSale) return { status: 'closed' };
    const count = this.seats.length;
    const unknown = seats.filter((seat) => seat >= count);
    if (unknown.length > 0) return { status: 'unknown-seats', seats: unknown, count };
    let hold: ModelHold = { id, owner, seats: [], booking: false, due: false, extensions: 0, attempts: 0 };
    if (into !== undefined) {
      const mine = this.#mine(owner, into);
      if (!mine) return { status: 'unknown-hold' };
      if (mine.booking) return { status: 'confirming' };
      hold = mine;
    }
    const { seatsPerHold, seatsPerBuyer } = this.rules;
    if (hold.seats.length + seats.length > seatsPerHold)
      return { status: 'seats-per-hold', allowed: seatsPerHold };
    const left = seatsPerBuyer - this.has(owner);
    if (seats.length > left) {
      return { status: 'seats-per-buyer', allowed: seatsPerBuyer, left: Math.max(0, left) };
    }
    const taken = seats.filter((seat) => this.seats[seat] !== 'f');
    if (taken.length > 0) return { status: 'taken', seats: taken };
    for (const seat of seats) this.#set(seat, 'h');
    hold.seats = [...hold.seats, ...seats];
    this.holds.set(hold.id, hold);
    return { status: 'held', ...this.view(hold) };
  }

  extend(owner: string, id: string): ModelAnswer {
    if (!this.onSale) return { status: 'closed' };
    const hold = this.#mine(owner, id);
    if (!hold) return { status: 'unknown-hold' };
    if (hold.booking) return { status: 'confirming' };
    if (hold.extensions >= this.rules.extensions) return { status: 'used-up' };
    hold.extensions++;
    return { status: 'extended', ...this.view(hold) };
  }

  release(owner: string, id: string, seats: number[]): ModelAnswer {
    const hold = this.#mine(owner, id);
    if (!hold) return { status: 'unknown-hold' };
    if (hold.booking) return { status: 'confirming' };
    const unknown = seats.filter((seat) => !hold.seats.includes(seat));
    if (unknown.length > 0) return { status: 'unknown-seats', seats: unknown, count: hold.seats.length };
    const leaving = seats.length === 0 ? hold.seats : seats;
    for (const seat of leaving) this.#set(seat, 'f');
    hold.seats = hold.seats.filter((seat) => !leaving.includes(seat));
    if (hold.seats.length === 0) this.holds.delete(id);
    return { status: 'released', ...this.view(hold), wasBeingPaid: false };
  }

  beginConfirm(owner: string, id: string): ModelAnswer {
    const hold = this.holds.get(id);
    if (!hold) return { status: 'unknown-hold' };
    if (hold.owner !== owner) return { status: 'foreign' };
    if (!this.onSale && !hold.booking) return { status: 'closed' };
    hold.booking = true;
    hold.attempts++;
    return { status: 'confirming', seats: hold.seats, attempt: hold.attempts };
  }

  /** The booking is in PostgreSQL before this. */
  finish(booking: ModelBooking): ModelAnswer {
    for (const seat of booking.seats) if (this.seats[seat] !== 's') this.#set(seat, 's');
    this.holds.delete(booking.holdId);
    return { status: 'sold' };
  }

  abort(id: string): ModelAnswer {
    const hold = this.holds.get(id);
    if (hold) this.#end(hold);
    return { status: 'aborted' };
  }

  /** The booking is cancelled in PostgreSQL before this. */
  free(booking: ModelBooking): ModelAnswer {
    const seats = booking.seats.filter((seat) => this.seats[seat] === 's');
    for (const seat of seats) this.#set(seat, 'f');
    return { status: 'freed', seats };
  }

  close(): ModelAnswer {
    this.onSale = false;
    for (const hold of [...this.holds.values()]) if (!hold.booking) this.#end(hold, this.lapsed);
    return { status: 'closed' };
  }

  /** Redis restarted, and the map is built anew. */
  reload(): void {
    for (const hold of this.holds.values()) if (hold.due && !hold.booking) this.holds.delete(hold.id);
    this.seats = this.seats.map(() => 'f');
    for (const { seats } of this.bookings) for (const seat of seats) this.seats[seat] = 's';
    for (const hold of this.holds.values()) {
      hold.due = false;
      for (const seat of hold.seats) this.seats[seat] = 'h';
    }
  }

  /** Answers a repeat with the first answer; otherwise asks, and keeps the answers that are kept. */
  once(owner: string, request: string, fingerprint: string, ask: () => ModelAnswer): ModelAnswer {
    const key = `${owner}:${request}`;
    const first = this.firstAnswers.get(key);
    if (first) return first.fingerprint === fingerprint ? first.answer : { status: 'reused' };
    const answer = ask();
    if (['held', 'extended', 'released'].includes(answer.status)) {
      this.firstAnswers.set(key, { fingerprint, answer });
    }
    return answer;
  }

  /** Seats of a buyer, held and booked together. */
  has(owner: string): number {
    const theirs = [...this.holds.values(), ...this.bookings].filter((each) => each.owner === owner);
    return theirs.reduce((sum, { seats }) => sum + seats.length, 0);
  }

  view(hold: ModelHold): Pick<RawHold, 'holdId' | 'extensionsLeft' | 'seats'> {
    return {
      holdId: hold.id,
      extensionsLeft: Math.max(0, this.rules.extensions - hold.extensions),
      seats: [...hold.seats],
    };
  }

  #mine(owner: string, id: string): ModelHold | undefined {
    const hold = this.holds.get(id);
    return hold?.owner === owner ? hold : undefined;
  }

  #end(hold: ModelHold, told?: string[]): void {
    for (const seat of hold.seats) this.#set(seat, 'f');
    this.holds.delete(hold.id);
    told?.push(hold.id);
  }

  #set(seat: number, state: string): void {
    this.seats[seat] = state;
    this.changed = true;
  }
}
