/**
 * Many confirms, one statement. What arrives while a statement runs goes into the next one, up to 64 holds,
 * so nobody waits longer than for the one before (group commit, as databases do with their logs); when nothing
 * runs a hold goes at once. A loser does not spoil the batch: it is tried again hold by hold.
 *
 * Every answer is one of: decided (a verdict), undone (nothing was written, for certain), unknown (the
 * statement was sent, and nobody knows whether it was committed).
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { NotSent, sqlState } from '../database/database.ts';
import {
  confirmHolds,
  type HoldToConfirm,
  type HoldVerdict,
  lostRace,
  tooLate,
} from '../database/statements.ts';
import type { Logger } from '../log.ts';

const batchSize = 64;
/** Statements of this node under way: more would only make the batches smaller. */
const atOnce = 4;
/** About two seconds of work for one PostgreSQL; whoever comes later is asked to come again. */
const longest = 10_000;
/** Kept for the way to PostgreSQL and the commit itself. */
const marginMs = 500;
const attempts = 3;
const lockNotAvailable = '55P03';

export type ConfirmAnswer =
  | HoldVerdict
  /** Nothing was written. `lost`: a seat was sold by somebody else meanwhile; `late`: its time is over. */
  | { verdict: 'lost' | 'late' | 'undone' }
  | { verdict: 'unknown'; error: unknown };

interface Waiting {
  hold: Omit<HoldToConfirm, 'leftMs'>;
  /** On the monotonic clock. */
  deadline: number;
  answer: (answer: ConfirmAnswer) => void;
}

export class ConfirmQueue {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  readonly counts = { batches: 0, holds: 0, alone: 0, booked: 0 };

  constructor(parts: { db: Database; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  get isFull(): boolean {
    return this.#waiting.length >= longest;
  }

  /** Holds that wait, for metrics. */
  get length(): number {
    return this.#waiting.length;
  }

  /** @param deadline when the hold's time to be booked is over, on the monotonic clock */
  ask(hold: Omit<HoldToConfirm, 'leftMs'>, deadline: number): Promise<ConfirmAnswer> {
    return new Promise((answer) => {
      this.#waiting.push({ hold, deadline, answer });
      // Calls of one turn of the event loop go together.
      queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    while (this.#running < atOnce && this.#waiting.length > 0) {
      const batch = this.#take();
      this.#running++;
      this.counts.batches++;
      this.counts.holds += batch.length;
      void this.#run(batch).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  /** Two holds with a seat in common, which only a lost Redis can bring about, go into different batches. */
  #take(): Waiting[] {
    const seats = new Set<string>();
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    while (this.#waiting.length > 0 && batch.length < batchSize) {
      const next = this.#waiting.shift() as Waiting;
      const keys = next.hold.seats.map(({ seat }) => `${next.hold.eventId}:${seat}`);
      if (keys.some((key) => seats.has(key)) || batch.some(({ hold }) => hold.holdId === next.hold.holdId)) {
        left.push(next);
      } else {
        for (const key of keys) seats.add(key);
        batch.push(next);
      }
    }
    this.#waiting.unshift(...left);
    return batch;
  }

  async #run(batch: Waiting[], attempt = 1): Promise<void> {
    const inTime = batch.filter((waiting) => {
      const isLate = this.#leftMs(waiting) <= 0;
      if (isLate) waiting.answer({ verdict: 'late' });
      return !isLate;
    });
    if (inTime.length === 0) return;
    try {
      const holds = inTime.map((waiting) => ({ ...waiting.hold, leftMs: this.#leftMs(waiting) }));
      const verdicts = await this.#db.run(confirmHolds, JSON.stringify(holds));
      const byHold = new Map(verdicts.map((verdict) => [verdict.hold_id, verdict]));
      for (const { verdict } of verdicts) if (verdict === 'booked') this.counts.booked++;
      for (const { hold, answer } of inTime) {
        answer(byHold.get(hold.holdId) ?? { verdict: 'unknown', error: new Error('no verdict') });
      }
    } catch (error) {
      await this.#failed(inTime, error, attempt);
    }
  }

  async #failed(batch: Waiting[], error: unknown, attempt: number): Promise<void> {
    const code = sqlState(error);
    const [first] = batch;
    if (error instanceof NotSent) {
      for (const { answer } of batch) answer({ verdict: 'undone' });
    } else if (code === undefined || !isUndone(code)) {
      this.#log.warn({ err: error, holds: batch.length }, 'the outcome of a batch of confirms is unknown');
      for (const { answer } of batch) answer({ verdict: 'unknown', error });
    } else if (batch.some(({ hold }) => hold.eventId !== first?.hold.eventId)) {
      // An event whose row is locked must not keep the others waiting.
      await Promise.all([...byEvent(batch).values()].map((each) => this.#run(each)));
    } else if (isOfOutcomes(error)) {
      // An earlier attempt of the same hold is still under way, and may be committed yet.
      if (batch.length > 1) for (const waiting of batch) await this.#run([waiting]);
      else first?.answer({ verdict: 'unknown', error });
    } else if (code === lockNotAvailable) {
      // That took three seconds already.
      for (const { answer } of batch) answer({ verdict: 'undone' });
    } else if (batch.length > 1) {
      this.counts.alone += batch.length;
      this.#log.info({ code, holds: batch.length }, 'a batch of confirms was undone: one by one');
      for (const waiting of batch) await this.#run([waiting]);
    } else if (code === lostRace || code === tooLate) {
      first?.answer({ verdict: code === lostRace ? 'lost' : 'late' });
    } else if (/^(40001|40P01)$/.test(code) && attempt < attempts) {
      await new Promise<void>((go) => this.#clock.after(20 * attempt + Math.random() * 50, go));
      await this.#run(batch, attempt + 1);
    } else {
      this.#log.warn({ err: error, code }, 'PostgreSQL did not take a confirm');
      first?.answer({ verdict: 'undone' });
    }
  }

  #leftMs({ deadline }: Waiting): number {
    return deadline - marginMs - this.#clock.monotonic();
  }
}

/**
 * Whether an error of PostgreSQL says for certain that nothing was written. A server that goes away
 * (57P01, 57P02, class 08) may have committed before it could say so.
 */
const isUndone = (code: string): boolean => !/^(08|57P01|57P02)/.test(code);

/** Where PostgreSQL waited: "while inserting index tuple (0,1) in relation "outcomes"". */
const isOfOutcomes = (error: unknown): boolean => {
  const { where = '' } = error as { where?: string };
  return /^(55P03|57014)$/.test(sqlState(error) ?? '') && /\boutcomes/.test(where);
};

function byEvent(batch: readonly Waiting[]): Map<string, Waiting[]> {
  const groups = new Map<string, Waiting[]>();
  for (const waiting of batch) {
    const { eventId } = waiting.hold;
    groups.set(eventId, [...(groups.get(eventId) ?? []), waiting]);
  }
  return groups;
}
