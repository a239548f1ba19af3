/**
 * The scripts without Redis: the same keys as plain maps, and in `TwinCall` what `inventory.lua` gives to every script. `scripts-twin.test.ts` proves it equal to the real ones, call by call. Time is an argument.
 */
import { type TwinEntry, TwinWaitlist } from './twin-waitlist.ts';

export type RawReply = [
  status: string,
  epoch: string,
  position: number,
  tick: [number, number, string] | [],
  dueMs: number,
  lapsed: string[],
  unsettled: string[],
  fields: string[],
  now?: number,
  steps?: string[],
];

export interface TwinHold {
  readonly id: string;
  /** h held, p being paid for, c being booked, o offered to somebody who waits, g gathered for somebody */
  state: string;
  owner: string;
  till: number;
  extensions: number;
  attempts: number;
  seats: number[];
}

export interface TwinMeta {
  epoch: string;
  /** undefined: to be loaded anew. */
  run: string | undefined;
  position: number;
  cut: number;
  cutAt: number;
  promised: number;
  repliesSince: number;
  count: number;
  closesAt: number;
  holdMs: number;
  seatsPerHold: number;
  seatsPerBuyer: number;
  extensions: number;
  tickMs: number;
  offerMs: number;
  /** The node that compares the event with PostgreSQL, and until when. */
  looker?: string;
  lookerUntil?: number;
  /** 1: somebody waits. 2: and there may be free seats that nobody was asked about. */
  waitlist?: string;
  /** Entries that gather, with commas. */
  gathering?: string;
}

const maxLapsed = 100;
const resettleMs = 3000;
const repliesMs = 86_400_000;

/** The keys of one event. */
export class Twin {
  seats: string[] = [];
  holds = new Map<string, TwinHold>();
  expiry = new Map<string, number>();
  meta: TwinMeta | undefined;
  dirty = new Map<number, string>();
  log: { from: number; to: number; seats: string }[] = [];
  replies = new Map<string, string>();
  earlier = new Map<string, string>();
  buyers = new Map<string, { booked: number; holds: string[] }>();
  /** Ids; the order is that of the entries. */
  queue = new Set<string>();
  entries = new Map<string, TwinEntry>();
  offers = new Map<string, string>();
  layout = new Map<string, string>();
  unrecorded = new Map<string, string>();

  /** Ids that are due, in the order of a sorted set, at most so many. */
  due(now: number, limit = maxLapsed): string[] {
    const ids: string[] = [];
    for (const [id, at] of this.expiry) if (at <= now) ids.push(id);
    return ids.sort((a, b) => this.#byDue(a, b)).slice(0, limit);
  }

  /** All ids in the order of a sorted set. */
  byDue(): string[] {
    return [...this.expiry.keys()].sort((a, b) => this.#byDue(a, b));
  }

  #byDue(a: string, b: string): number {
    const [dueA, dueB] = [this.expiry.get(a) ?? 0, this.expiry.get(b) ?? 0];
    if (dueA !== dueB) return dueA - dueB;
    return a < b ? -1 : 1;
  }

  copy(): Twin {
    return Object.assign(new Twin(), structuredClone({ ...this }));
  }
}

/** Seats that are kept for somebody who waits: no hold yet, for all that can be done with holds. */
export const isOffer = ({ state }: TwinHold): boolean => state === 'o' || state === 'g';

/** One call of a script on an event that is loaded. */
export class TwinCall {
  readonly twin: Twin;
  readonly meta: TwinMeta;
  readonly now: number;
  promised: number;
  moreDue = false;
  readonly lapsed: string[] = [];
  readonly unsettled: string[] = [];
  readonly #changed: [seat: number, state: string][] = [];
  /** Somebody waits for seats of this event. */
  waits: boolean;
  isUnmatched: boolean;
  isServed = false;
  /** A seat became free since whoever waits was last asked. */
  hasFreed = false;
  readonly waitlist = new TwinWaitlist(this);

  constructor(twin: Twin, meta: TwinMeta, now: number) {
    this.twin = twin;
    this.meta = meta;
    this.now = now;
    this.promised = meta.promised;
    this.waits = meta.waitlist !== undefined;
    this.isUnmatched = meta.waitlist === '2';
  }

  seat(seat: number): string {
    return this.twin.seats[seat] ?? '';
  }

  setSeat(seat: number, state: string): void {
    this.twin.seats[seat] = state;
    this.#changed.push([seat, state]);
    if (state === 'f') this.hasFreed = true;
  }

  freeHeld(seats: readonly number[]): void {
    for (const seat of seats) if (this.seat(seat) === 'h') this.setSeat(seat, 'f');
  }

  buyer(owner: string): { booked: number; holds: string[] } {
    return this.twin.buyers.get(owner) ?? { booked: 0, holds: [] };
  }

  writeBuyer(owner: string, buyer: { booked: number; holds: string[] }): void {
    if (buyer.booked === 0 && buyer.holds.length === 0) this.twin.buyers.delete(owner);
    else this.twin.buyers.set(owner, buyer);
  }

  isLive(hold: TwinHold | undefined): hold is TwinHold {
    return hold !== undefined && (hold.state === 'c' || hold.till > this.now);
  }

  ownHold(id: string, owner: string): TwinHold | undefined {
    const hold = this.twin.holds.get(id);
    return this.isLive(hold) && hold.owner === owner && !isOffer(hold) ? hold : undefined;
  }

  writeHold(hold: TwinHold, due: number): void {
    this.twin.holds.set(hold.id, hold);
    this.twin.expiry.set(hold.id, due);
  }

  dropHold(hold: TwinHold, booked: number): void {
    this.twin.holds.delete(hold.id);
    this.twin.expiry.delete(hold.id);
    const buyer = this.buyer(hold.owner);
    const holds = buyer.holds.filter((id) => id !== hold.id);
    this.writeBuyer(hold.owner, { booked: buyer.booked + booked, holds });
  }

  lapse(hold: TwinHold): void {
    this.freeHeld(hold.seats);
    this.dropHold(hold, 0);
    if (isOffer(hold)) this.waitlist.missed(hold, 'expired');
    else this.lapsed.push(hold.id, hold.owner, hold.seats.join(','));
  }

  /** Answers whether more may be due. */
  sweep(): boolean {
    const due = this.twin.due(this.now);
    for (const id of due) {
      const hold = this.twin.holds.get(id);
      if (!hold) this.twin.expiry.delete(id);
      else if (hold.state === 'c') this.unsettle(hold);
      else this.lapse(hold);
    }
    this.serveWaiting();
    return due.length === maxLapsed;
  }

  /** Whoever waits comes first: what became free is theirs before anybody sees it free. */
  serveWaiting(): void {
    if (!this.waits || !(this.hasFreed || (this.isUnmatched && !this.isServed))) return;
    this.hasFreed = false;
    this.waitlist.match();
  }

  /** The grace of a hold that is being booked is over. */
  unsettle(hold: TwinHold): void {
    this.unsettled.push(hold.id);
    this.twin.expiry.set(hold.id, this.now + resettleMs);
  }

  kept(key: string): string | undefined {
    return this.twin.replies.get(key) ?? this.twin.earlier.get(key);
  }

  cancelledSeats(booking: string): Set<number> {
    const list = this.kept(`cancelled:${booking}`) ?? '';
    return new Set(list.split(',').filter(Boolean).map(Number));
  }

  recall(owner: string, request: string, fingerprint: string): RawReply | undefined {
    const first = this.kept(`${owner}:${request}`);
    if (first === undefined) return undefined;
    const bar = first.indexOf('|');
    if (first.slice(0, bar) !== fingerprint) return this.finish('reused');
    return this.finish('repeat', [first.slice(bar + 1)]);
  }

  remember(owner: string, request: string, fingerprint: string, status: string, fields: string[]): void {
    this.keep(`${owner}:${request}`, `${fingerprint}|${status}|${fields.join('|')}`);
  }

  keep(key: string, value: string): void {
    const { twin, meta, now } = this;
    if (now - meta.repliesSince > repliesMs) {
      twin.earlier = twin.replies;
      twin.replies = new Map();
      meta.repliesSince = now;
    }
    twin.replies.set(key, value);
  }

  finish(status: string, fields: string[] = []): RawReply {
    this.serveWaiting();
    const { twin, meta, now } = this;
    if (this.#changed.length > 0) {
      meta.position++;
      for (const [seat, state] of this.#changed) twin.dirty.set(seat, state);
      this.#changed.length = 0;
    }
    let tick: RawReply[3] = [];
    let dueMs = -1;
    if (meta.position > meta.cut) {
      const wait = meta.cutAt + meta.tickMs - now;
      if (wait <= 0 || wait > meta.tickMs) tick = this.#cut();
      else if (this.promised <= now - meta.tickMs || this.promised > now + meta.tickMs) {
        dueMs = wait;
        meta.promised = now + wait;
      }
    }
    const { lapsed, unsettled, waitlist } = this;
    const reply: RawReply = [status, meta.epoch, meta.position, tick, dueMs, lapsed, unsettled, fields, now];
    if (waitlist.steps.length > 0) reply.push(waitlist.steps);
    return reply;
  }

  /** Seats that changed after a position, and perhaps some more; undefined when the log does not reach so far. */
  changedSince(since: number): Set<number> | undefined {
    const { twin, meta } = this;
    const seats = new Set([...twin.dirty.keys(), ...this.#changed.map(([seat]) => seat)]);
    if (since >= meta.cut) return seats;
    const ticks = twin.log.filter(({ to }) => to > since);
    if (!ticks[0] || ticks[0].from > since + 1) return undefined;
    for (const tick of ticks) for (const [seat] of tick.seats.matchAll(/\d+/g)) seats.add(Number(seat));
    return seats;
  }

  get hasChanged(): boolean {
    return this.#changed.length > 0;
  }

  #cut(): [number, number, string] {
    const { twin, meta, now } = this;
    const seats = Array.from(twin.dirty, ([seat, state]) => `${seat}${state}`).join('');
    const tick: [number, number, string] = [meta.cut + 1, meta.position, seats];
    twin.dirty.clear();
    twin.log.push({ from: tick[0], to: tick[1], seats });
    meta.cut = meta.position;
    meta.cutAt = now;
    meta.promised = 0;
    return tick;
  }
}
