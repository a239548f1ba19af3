/**
 * The audit log as far as it is written beside a change: what happens to holds, which live in Redis, and what the
 * hub mends. Rows of things that live in PostgreSQL are written by the statement that changes them.
 *
 * Rows are collected and written once a second in one statement, so that the way of a hold never waits for
 * PostgreSQL. A node that dies takes its last second along. While PostgreSQL is away rows wait, as many as
 * `waitingAtMost`; what comes after that is left out and counted, and the log says so itself (`audit-dropped`).
 */
import { type Clock, systemClock } from '../clock.ts';
import { type Database, sqlState } from '../database/database.ts';
import { type AuditColumns, writeAudit } from '../database/statements.ts';
import type { Logger } from '../log.ts';

/** Who did something. Nobody: the hub itself, by its clock. */
export interface Actor {
  userId: string | null;
  sessionId: string | null;
  requestId: string | null;
}

export const nobody: Actor = { userId: null, sessionId: null, requestId: null };

export interface AuditRow {
  /** When it happened, ms since 1970: by Redis for what happens there. */
  at: number;
  action: string;
  eventId: string | null;
  by: Actor;
  /** Of a hold: all it has from now on. */
  seats: readonly number[];
  details: Readonly<Record<string, unknown>>;
}

const everyMs = 1000;
const batchSize = 5000;
/** About 30 MB: ten seconds of a rush of 5,000 a second. */
const waitingAtMost = 50_000;

export class AuditLog {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waitingAtMost: number;
  #waiting: AuditRow[] = [];
  /** How many of those that wait were sent before, and may have been written. */
  #unsure = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;
  readonly counts = { written: 0, dropped: 0 };

  constructor(parts: { db: Database; log: Logger; clock?: Clock; waitingAtMost?: number }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.#waitingAtMost = parts.waitingAtMost ?? waitingAtMost;
  }

  start(): void {
    this.#cancel = this.#clock.after(everyMs, () => {
      this.flush()
        .catch((error) => this.#log.warn({ err: error, rows: this.waiting }, 'could not write the audit log'))
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after writing what waits. What cannot be written now is lost. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    try {
      await this.flush();
    } catch (error) {
      this.counts.dropped += this.waiting;
      this.#log.error({ err: error, rows: this.waiting }, 'rows of the audit log are lost');
    }
  }

  /** Rows that wait to be written, for metrics. */
  get waiting(): number {
    return this.#waiting.length;
  }

  note(row: AuditRow): void {
    if (this.#waiting.length < this.#waitingAtMost) {
      this.#waiting.push(row);
      return;
    }
    if (this.#dropped === 0) this.#log.error('the audit log is full: what happens to holds is not written');
    this.#dropped++;
    this.counts.dropped++;
  }

  /** Writes everything that was noted before this call. Rejects when PostgreSQL does not take it. */
  async flush(): Promise<void> {
    // What was noted while another call was writing is not in its batches.
    await this.#writing?.catch(() => undefined);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#unsure || batchSize);
      const isRepeat = this.#unsure > 0;
      this.#unsure = batch.length;
      try {
        await this.#db.run(writeAudit, ...columns(batch), isRepeat);
        this.counts.written += batch.length;
      } catch (error) {
        // Away, or nobody knows: again with the next round. A row that PostgreSQL cannot take never gets in.
        const state = sqlState(error);
        if (state === undefined || !/^2[23]/.test(state)) throw error;
        this.counts.dropped += batch.length;
        this.#log.error({ err: error, rows: batch.length }, 'PostgreSQL refused rows of the audit log');
      }
      this.#waiting = this.#waiting.slice(batch.length);
      this.#unsure = 0;
      this.#admit();
    }
  }

  /** There is room again: what is missing is said where it is missing. */
  #admit(): void {
    if (this.#dropped === 0) return;
    const details = { rows: this.#dropped };
    this.#dropped = 0;
    const at = this.#clock.now();
    this.note({ at, action: 'audit-dropped', eventId: null, by: nobody, seats: [], details });
  }
}

const columns = (rows: readonly AuditRow[]): AuditColumns => [
  rows.map(({ at }) => at),
  rows.map(({ action }) => action),
  rows.map(({ eventId }) => eventId),
  rows.map(({ by }) => by.userId),
  rows.map(({ by }) => by.sessionId),
  rows.map(({ by }) => by.requestId),
  rows.map(({ seats }) => `{${seats.join(',')}}`),
  rows.map(({ details }) => JSON.stringify(details)),
];
