/**
 * Folds what `sales_changes` has into the sums, once a second, on whichever node comes first. Nobody waits for it:
 * what is not folded yet is read along with the sums, so it only keeps that part short.
 */
import { type Clock, systemClock } from '../clock.ts';
import { changesSize, foldSales, forgetHoldStarts, vacuumChanges } from '../database/analytics-statements.ts';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log.ts';

const everyMs = 1000;
const atMost = 5000;
/** Statements in one round, so that a backlog does not keep the database busy for ever. */
const roundsAtMost = 20;
/** A backlog that was larger leaves a table that takes long to go through, though it is empty. */
const tooLargeBytes = 16 * 1024 * 1024;
const looksAfterFolds = 60;
/** Twice as long as any hold can live: extended ten times for an hour, then an hour to pay. */
const forgottenAfterMs = 86_400_000;

export class SalesFold {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #folding: Promise<void> | undefined;
  #stopped = false;
  #folds = 0;
  readonly counts = { folded: 0, failed: 0 };

  constructor(parts: { db: Database; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  start(): void {
    this.#cancel = this.#clock.after(everyMs, () => {
      this.#folding = this.fold()
        .catch((error) => {
          this.counts.failed++;
          this.#log.debug({ err: error }, 'could not fold sales');
        })
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#folding;
  }

  /** Folds until nothing is left, or somebody else is at it, or it has gone on for long enough. */
  async fold(): Promise<void> {
    for (let round = 0; round < roundsAtMost && !this.#stopped; round++) {
      const [changed] = await this.#db.run(foldSales, atMost);
      this.counts.folded += changed?.folded ?? 0;
      if ((changed?.folded ?? 0) === atMost) continue;
      const [old] = await this.#db.run(forgetHoldStarts, forgottenAfterMs, atMost);
      if ((old?.forgotten ?? 0) >= atMost) continue;
      if (this.#folds++ % looksAfterFolds === 0) await this.#shrink();
      return;
    }
  }

  /** Once the backlog is gone. */
  async #shrink(): Promise<void> {
    const [size] = await this.#db.run(changesSize);
    if ((size?.bytes ?? 0) > tooLargeBytes) await this.#db.run(vacuumChanges);
  }
}
