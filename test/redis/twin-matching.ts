/** The twin of `matching.lua`: which of those who wait gets which free seats. */
import { createHash } from 'node:crypto';
import type { TwinHold } from './twin.ts';
import { classOf, comesBefore, queueOf, type TwinEntry, type TwinWaitlist } from './twin-waitlist.ts';

export const maxPasses = 5;
const gatherMs = 1_800_000;
const gatherTimes = 4;
const leastAfter = 10;
const leastOfferMs = 60_000;
const maxOffers = 500;

const none: ReadonlySet<number> = new Set();

type Run = [first: number, last: number];

/** Category (or *) to its stretches of neighbours, as `layout` has them. */
export function stretchesOf(layout: string | undefined): Run[] {
  const [, list = ''] = /^\d+-\d+:(.*)$/.exec(layout ?? '') ?? [];
  return [...list.matchAll(/(\d+)-(\d+)/g)].map(([, first, last]) => [Number(first), Number(last)]);
}

/** The runs of free seats of a category. own: seats that count as free; unwanted: that do not. */
export function runsIn(
  seats: readonly string[],
  layout: string | undefined,
  own: ReadonlySet<number> = none,
  unwanted: ReadonlySet<number> = none,
): Run[] {
  const runs: Run[] = [];
  for (const [first, last] of stretchesOf(layout)) {
    for (let seat = first; seat <= last; seat++) {
      if ((seats[seat] !== 'f' && !own.has(seat)) || unwanted.has(seat)) continue;
      const run = runs.at(-1);
      if (run && run[1] === seat - 1 && seat > first) run[1] = seat;
      else runs.push([seat, seat]);
    }
  }
  return runs;
}

const countOf = (runs: readonly Run[]) => runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
const range = (first: number, count: number) =>
  Array.from({ length: Math.max(0, count) }, (_, i) => first + i);

/** The first seats of the runs, or of the first run that has so many. */
export function choose(runs: readonly Run[], quantity: number, together: string): number[] | undefined {
  if (countOf(runs) < quantity) return undefined;
  const seats: number[] = [];
  for (const [first, last] of runs) {
    const has = last - first + 1;
    if (together !== 't' || has >= quantity)
      seats.push(...range(first, Math.min(has, quantity - seats.length)));
    if (seats.length === quantity) return seats;
  }
  return undefined;
}

class Matching {
  readonly list: TwinWaitlist;

  constructor(list: TwinWaitlist) {
    this.list = list;
  }

  free(category: string): Run[] {
    const { twin } = this.list.call;
    return runsIn(twin.seats, twin.layout.get(category));
  }

  mayBeServed(entry: TwinEntry): boolean {
    const { has, isOffered } = possessions(this.list, entry.owner);
    return !isOffered && has + entry.quantity <= this.list.call.meta.seatsPerBuyer;
  }

  candidates(): TwinEntry[] {
    const { twin } = this.list.call;
    const found = new Map<string, TwinEntry>();
    const heads = new Set<string>();
    for (const entry of queueOf(twin)) {
      const name = classOf(entry);
      if (heads.has(name) || this.list.rested.has(entry.id) || !this.mayBeServed(entry)) continue;
      if (countOf(this.free(entry.category)) === 0) continue;
      heads.add(name);
      found.set(entry.id, entry);
    }
    for (const id of [...this.list.gathering, ...this.list.rested.keys()]) {
      const entry = this.list.read(id);
      if (entry && this.mayBeServed(entry)) found.set(id, entry);
    }
    return [...found.values()].sort(comesBefore);
  }

  gathered(entry: TwinEntry): { seats: number[]; hold: TwinHold | undefined } {
    const { call } = this.list;
    const hold = entry.state === 'g' ? call.twin.holds.get(entry.hold) : undefined;
    return { seats: (hold?.seats ?? []).filter((seat) => call.seat(seat) === 'h'), hold };
  }

  offer(entry: TwinEntry, seats: number[], own: Set<number>, before: TwinHold | undefined): void {
    const { list } = this;
    const { call } = list;
    const { twin, meta, now } = call;
    if (before) {
      list.stopGathering(entry);
      twin.offers.delete(before.id);
      call.dropHold(before, 0);
      list.step(entry, 'let-go', '', before);
    }
    for (const seat of seats) if (!own.delete(seat)) call.setSeat(seat, 'h');
    for (const seat of own) call.setSeat(seat, 'f');
    twin.queue.delete(entry.id);
    const id = holdId(list, entry, 'o');
    const leastMs = Math.min(meta.offerMs, leastOfferMs);
    const offerMs = Math.max(leastMs, Math.min(meta.offerMs, Math.floor((meta.closesAt - now) / 10)));
    const hold: TwinHold = {
      id,
      state: 'o',
      owner: entry.owner,
      till: now + offerMs,
      extensions: 0,
      attempts: 0,
      seats,
    };
    call.writeHold(hold, hold.till);
    const { booked, holds } = call.buyer(entry.owner);
    call.writeBuyer(entry.owner, { booked, holds: [...holds, id] });
    twin.offers.set(id, entry.id);
    Object.assign(entry, { state: 'o', hold: id, since: now, passes: 0 });
    list.step(entry, 'offered', '', hold);
  }

  /** Answers whether it has got more. */
  gather(entry: TwinEntry): boolean {
    const { list } = this;
    const { call } = list;
    const { twin, meta, now } = call;
    const isOther = (id: string) => id !== entry.id && list.read(id)?.category === entry.category;
    if (list.gathering.some(isOther)) return false;
    const { seats, hold: before } = this.gathered(entry);
    const leastMs = Math.min(meta.offerMs, leastOfferMs);
    const till = before?.till ?? Math.min(now + gatherMs, meta.closesAt - leastAfter * leastMs);
    if (till <= now) return false;
    const most = entry.together === 't' ? entry.quantity * gatherTimes : entry.quantity;
    const more: number[] = [];
    for (const [first, last] of this.free(entry.category)) {
      more.push(...range(first, Math.min(last - first + 1, most - seats.length - more.length)));
    }
    if (more.length === 0) return false;
    for (const seat of more) call.setSeat(seat, 'h');
    let hold = before;
    if (!hold) {
      const id = holdId(list, entry, 'g');
      hold = { id, state: 'g', owner: entry.owner, till, extensions: 0, attempts: 0, seats: [] };
      Object.assign(entry, { state: 'g', hold: id, since: now });
      twin.offers.set(id, entry.id);
      list.gathering = [...list.gathering, entry.id];
    }
    hold.seats = [...seats, ...more];
    call.writeHold(hold, hold.till);
    list.step(entry, 'gathered', '', hold);
    return true;
  }

  passOver(entry: TwinEntry, other: TwinEntry, seats: readonly number[]): void {
    if (entry.state === 'g' || entry.passes >= maxPasses || this.list.rested.has(entry.id)) return;
    const { twin } = this.list.call;
    const has = () =>
      stretchesOf(twin.layout.get(entry.category)).some(([first, last]) =>
        seats.some((seat) => seat >= first && seat <= last),
      );
    const fits = entry.category === '*' || entry.category === other.category;
    if (!fits && !(other.category === '*' && has())) return;
    entry.passes++;
    this.list.step(entry, 'passed');
  }

  /** Serves the first who can be. Answers whether there was one. */
  serveOne(): boolean {
    const waiting = this.candidates();
    const { twin } = this.list.call;
    for (const [i, entry] of waiting.entries()) {
      const { seats: kept, hold } = this.gathered(entry);
      const own = new Set(kept);
      const runs = runsIn(twin.seats, twin.layout.get(entry.category), own, this.list.rested.get(entry.id));
      const seats = choose(runs, entry.quantity, entry.together);
      if (seats) {
        for (const earlier of waiting.slice(0, i)) this.passOver(earlier, entry, seats);
        this.offer(entry, seats, own, hold);
        return true;
      }
      if (entry.passes >= maxPasses && this.gather(entry)) return true;
    }
    return false;
  }
}

/** What a buyer has, and whether an offer of this event is among it. */
export function possessions({ call }: TwinWaitlist, owner: string): { has: number; isOffered: boolean } {
  const buyer = call.buyer(owner);
  const live = buyer.holds.map((id) => call.twin.holds.get(id)).filter((hold) => call.isLive(hold));
  return {
    has: live.reduce((sum, hold) => sum + hold.seats.length, buyer.booked),
    isOffered: live.some(({ state }) => state === 'o'),
  };
}

function holdId({ call }: TwinWaitlist, entry: TwinEntry, state: string): string {
  const parts = [entry.id, state, call.meta.epoch, call.meta.position, call.now];
  return createHash('sha1').update(parts.join(':')).digest('hex').slice(0, 22);
}

/** Gives free seats to whoever waits for them, until nobody can be served any more. */
export function matchWaiting(list: TwinWaitlist): void {
  const { call } = list;
  if (call.meta.closesAt - call.now < Math.min(call.meta.offerMs, leastOfferMs)) return;
  const matching = new Matching(list);
  let offers = 0;
  while (offers < maxOffers && matching.serveOne()) offers++;
  const isUnmatched = offers === maxOffers;
  if (call.isUnmatched !== isUnmatched) {
    call.isUnmatched = isUnmatched;
    call.meta.waitlist = isUnmatched ? '2' : '1';
  }
  call.isServed = true;
  call.hasFreed = false;
}
