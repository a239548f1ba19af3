/** The twin of `waitlist.lua`: who waits for seats, and what becomes of them. `twin-matching.ts` serves them. */
import type { Twin, TwinCall, TwinHold } from './twin.ts';
import { matchWaiting } from './twin-matching.ts';

export interface TwinEntry {
  readonly id: string;
  owner: string;
  quantity: number;
  /** Index, or * */
  category: string;
  together: string;
  passes: number;
  missed: number;
  order: number;
  /** w waits, g gathers, o has an offer */
  state: string;
  hold: string;
  since: number;
  version: number;
}

const maxMissed = 3;
const maxEnded = 100;
const rerecordMs = 3000;
const maxRerecorded = 500;
const maxUnrecorded = 2000;
const unrecordedMs = 200;
export const classWeight = 1e14;
const stateWords: Record<string, string> = { w: 'waiting', g: 'waiting', o: 'offered' };

export const entryText = (entry: TwinEntry): string =>
  [
    entry.owner,
    entry.quantity,
    entry.category,
    entry.together,
    entry.passes,
    entry.missed,
    entry.order,
    entry.state,
    entry.hold,
    entry.since,
    entry.version,
  ].join('|');

export const classOf = ({ category, quantity, together }: TwinEntry): string =>
  `${category}:${quantity}:${together}:`;

export const comesBefore = (a: TwinEntry, b: TwinEntry): number =>
  a.order !== b.order ? a.order - b.order : a.id < b.id ? -1 : 1;

/** In the order of the queue. */
export function queueOf({ queue, entries }: Twin): TwinEntry[] {
  return [...queue].flatMap((id) => entries.get(id) ?? []).sort(comesBefore);
}

export class TwinWaitlist {
  readonly call: TwinCall;
  readonly steps: string[] = [];
  /** Entries that have just let an offer go, with its seats. */
  readonly rested = new Map<string, ReadonlySet<number>>();

  constructor(call: TwinCall) {
    this.call = call;
  }

  read(id: string): TwinEntry | undefined {
    return this.call.twin.entries.get(id);
  }

  step(entry: TwinEntry, kind: string, state = '', hold?: TwinHold, reason = '', actor = ''): void {
    const { twin, now, meta, hasChanged } = this.call;
    entry.version = Math.max(entry.version + 1, now);
    const key = `${entry.id}:${entry.version}`;
    const text = [
      kind,
      state || stateWords[entry.state],
      entry.owner,
      entry.order,
      entry.missed,
      entry.passes,
      hold?.id ?? '',
      hold?.seats.join(',') ?? '',
      entry.since,
      hold?.till ?? 0,
      now,
      hasChanged ? meta.position + 1 : meta.position,
      reason,
      actor,
    ].join('|');
    twin.unrecorded.set(key, text);
    this.steps.push(key, text);
  }

  get gathering(): string[] {
    return (this.call.meta.gathering ?? '').split(',').filter(Boolean);
  }

  set gathering(ids: readonly string[]) {
    this.call.meta.gathering = ids.join(',');
  }

  stopGathering(entry: TwinEntry): void {
    this.gathering = this.gathering.filter((id) => id !== entry.id);
  }

  stop(entry: TwinEntry, kind: string, state: string, hold?: TwinHold, reason = '', actor = ''): void {
    const { twin } = this.call;
    twin.queue.delete(entry.id);
    twin.entries.delete(entry.id);
    this.call.keep(`ended:${entry.id}`, '1');
    this.step(entry, kind, state, hold, reason, actor);
  }

  letGo(entry: TwinEntry): TwinHold | undefined {
    if (entry.hold === '') return undefined;
    const { twin } = this.call;
    const hold = twin.holds.get(entry.hold);
    twin.offers.delete(entry.hold);
    entry.hold = '';
    if (hold) {
      this.call.freeHeld(hold.seats);
      this.call.dropHold(hold, 0);
    }
    if (entry.state !== 'g') return hold;
    this.stopGathering(entry);
    if (hold) this.step(entry, 'let-go', '', hold);
    return undefined;
  }

  missed(hold: TwinHold, kind: string, actor = ''): void {
    const { twin, meta, now } = this.call;
    const entry = this.read(twin.offers.get(hold.id) ?? '');
    twin.offers.delete(hold.id);
    if (!entry) return;
    entry.hold = '';
    if (hold.state === 'g') {
      this.stopGathering(entry);
      entry.state = 'w';
      entry.passes = 0;
      this.step(entry, 'let-go', '', hold, '', actor);
      return;
    }
    if (now >= meta.closesAt) {
      this.stop(entry, 'revoked', 'closed', hold, 'sale-ended', actor);
      return;
    }
    entry.missed++;
    if (entry.missed >= maxMissed) {
      this.stop(entry, kind, 'expired', hold, 'offers-missed', actor);
      return;
    }
    this.requeue(entry, hold);
    this.step(entry, kind, '', hold, '', actor);
  }

  /** To the end of its class. */
  requeue(entry: TwinEntry, hold: TwinHold): void {
    this.rested.set(entry.id, new Set(hold.seats));
    entry.state = 'w';
    const order = Math.floor(entry.order / classWeight) * classWeight + this.call.now;
    entry.order = Math.max(order, entry.order + 1);
    this.call.twin.queue.add(entry.id);
  }

  /** Answers whether there are more. */
  close(): boolean {
    const { twin } = this.call;
    const ids = queueOf(twin)
      .slice(0, maxEnded)
      .map(({ id }) => id);
    for (const id of twin.offers.values()) if (ids.length < maxEnded) ids.push(id);
    for (const id of ids) {
      const entry = this.read(id);
      if (!entry) continue;
      const hold = this.letGo(entry);
      this.stop(entry, hold ? 'revoked' : 'closed', 'closed', hold, 'sale-ended');
    }
    return ids.length === maxEnded;
  }

  /** Answers in how many ms there is something to be done again. */
  tend(): number | undefined {
    const { twin, meta, now } = this.call;
    let due: number | undefined = Math.max(0, meta.closesAt - now);
    if (meta.closesAt <= now) {
      if (twin.unrecorded.size > maxUnrecorded) due = unrecordedMs;
      else due = this.close() ? 0 : undefined;
    }
    for (const [key, text] of [...twin.unrecorded].slice(0, maxRerecorded)) {
      if (now - Number(/\d+$/.exec(key)?.[0]) > rerecordMs) this.steps.push(key, text);
    }
    return twin.unrecorded.size > 0 ? Math.min(due ?? rerecordMs, rerecordMs) : due;
  }

  rank(id: string): string {
    const { twin } = this.call;
    return twin.queue.has(id) ? String(queueOf(twin).findIndex((entry) => entry.id === id) + 1) : '';
  }

  match(): void {
    matchWaiting(this);
  }
}
