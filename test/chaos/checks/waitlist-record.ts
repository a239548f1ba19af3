/** Who waited for what, and when: made of what PostgreSQL has written down and of what clients were told. */
import type { Op } from '../history.ts';

/** A row of `waitlist_entries` when all is quiet. Times here and below are ms of the harness' clock. */
export interface EntryFact {
  id: string;
  userId: string;
  /** null: any */
  category: string | null;
  quantity: number;
  together: boolean;
  state: string;
  joinedAt: number;
  requestId: string;
}

/** What the audit log says became of an entry. */
export interface StepFact {
  entryId: string;
  kind: string;
  /** Of the entry, after it. */
  state: string;
  at: number;
  holdId: string;
  seats: number[];
}

export interface OfferFact {
  holdId: string;
  entryId: string;
  userId: string;
  seats: number[];
  offeredAt: number;
  until: number;
  state: string;
  /** undefined: live */
  endedAt: number | undefined;
}

/** Something a client was told without having asked. */
export interface Told {
  userId: string;
  name: string;
  at: number;
  entryId: string;
  holdId: string;
  seats: number[];
}

export interface WaitlistEvidence {
  entries: EntryFact[];
  /** In the order of the audit log's times. */
  steps: StepFact[];
  offers: OfferFact[];
  told: Told[];
  /** Who is who: the buyers of the history. */
  users: ReadonlyMap<string, string>;
  plan: SeatFact[];
  /** Ids in the queue of Redis, first to last. */
  queue: string[];
}

export interface SeatFact {
  category: string;
  /** The seat with the next number is beside it, in the same row. */
  hasNeighbour: boolean;
}

/** A time in which it is certain that an entry was in the queue. */
export interface Wait {
  from: number;
  till: number;
  /** Who has less comes first. */
  order: number;
  gathers: boolean;
}

/** Who was put first by the organizer comes before all others. */
const classWeight = 1e14;

/**
 * From when to when an entry was in the queue for certain: from the answer to whoever joined, to what it was offered or
 * how it ended, and again after each offer it missed, at the end of the queue then.
 */
export function waitsOf(entry: EntryFact, steps: readonly StepFact[], ops: readonly Op[]): Wait[] {
  const mine = ops.filter(
    (op) => op.requestId === entry.requestId || (op.entryId !== '' && op.entryId === entry.id),
  );
  const joined = Math.min(
    ...mine.filter((op) => op.f === 'join' && op.type === 'ok').map((op) => op.endedAt),
  );
  const leaves = Math.min(...mine.filter((op) => op.f === 'leave').map((op) => op.invokedAt));
  const waits: Wait[] = [];
  let order = 9 * classWeight + entry.joinedAt;
  let from: number | undefined = Number.isFinite(joined) ? joined : undefined;
  let gathers = false;
  const close = (till: number) => {
    if (from !== undefined && till > from) waits.push({ from, till, order, gathers });
    from = undefined;
  };
  for (const step of steps) {
    close(Math.min(step.at, leaves));
    gathers = step.kind === 'gathered';
    const isLate = step.kind === 'declined' || step.kind === 'expired';
    if (isLate) order = Math.max(Math.floor(order / classWeight) * classWeight + step.at, order + 1);
    if (step.kind === 'advanced') order = step.at;
    if (step.state === 'waiting') from = step.at;
  }
  close(leaves);
  return waits;
}

/** Whether these seats would do for an entry. */
export function fits(entry: EntryFact, seats: readonly number[], plan: readonly SeatFact[]): boolean {
  const good = seats
    .filter((seat) => entry.category === null || plan[seat]?.category === entry.category)
    .sort((a, b) => a - b);
  if (!entry.together) return good.length >= entry.quantity;
  let run = 0;
  return good.some((seat, i) => {
    const before = good[i - 1];
    const isNext = before !== undefined && seat === before + 1 && plan[before]?.hasNeighbour;
    run = isNext ? run + 1 : 1;
    return run >= entry.quantity;
  });
}

/** Times of Redis are whole ms, ours are not, and the audit log rounds in its own way. */
export const roundingMs = 5;

export const waitsThrough = (waits: readonly Wait[], from: number, till: number): Wait | undefined =>
  waits.find((wait) => wait.from < from - roundingMs && wait.till > till + roundingMs);

/** Whether somebody has an offer at some moment of a time. */
export const isOffered = (offers: readonly OfferFact[], userId: string, from: number, till: number) =>
  offers.some(
    (offer) =>
      offer.userId === userId &&
      offer.offeredAt <= till + roundingMs &&
      (offer.endedAt ?? Number.POSITIVE_INFINITY) >= from - roundingMs,
  );
