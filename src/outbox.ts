/**
 * What must happen after a commit: a tell, the map, and whatever else has to follow a change that is in
 * PostgreSQL. Each is a row of the `outbox`, written by the statement that made the change, so that it is
 * neither lost with a node nor done for a change that was undone (the transactional outbox).
 *
 * The node that made the change acts at once and marks the row. Rows that are still there when they are due
 * are taken by any node, the oldest of each key first. So everything is done at least once, in order per key,
 * and every piece of work must bear being done again.
 */
import { type Clock, systemClock } from './clock.ts';
import type { Database } from './database/database.ts';
import { inBites } from './database/in-bites.ts';
import { delayOutbox, forgetOld, markSent, type OutboxRow, takeOutbox } from './database/statements.ts';
import { faultPoint } from './fault-points.ts';
import type { Logger } from './log.ts';

const pollMs = 500;
/** Longer than any piece of work takes: then another node does it as well. */
const leaseMs = 10_000;
const atMost = 200;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** Marks are collected, so that a rush of bookings costs one more statement per batch, not per booking. */
const markEveryMs = 20;
const forgetEveryMs = 60_000;
const forgetAtMost = 5000;

/** Does what a row asks for. `again`: there is more to do, at once. */
export type OutboxWork = (payload: Record<string, string>, row: OutboxRow) => Promise<'done' | 'again'>;

export class Outbox {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #work = new Map<string, OutboxWork>();
  readonly #done: string[] = [];
  #marking: Promise<void> | undefined;
  #round: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #forgotAt: number;
  #stopped = false;
  readonly counts = { relayed: 0, failed: 0 };
  /** Marks rows whose work is done; with what is done in the same statement. */
  mark: (ids: string[]) => Promise<unknown>;

  constructor(parts: { db: Database; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.#forgotAt = this.#clock.now();
    this.mark = (ids) => this.#db.run(markSent, ids);
  }

  on(topic: string, work: OutboxWork): void {
    this.#work.set(topic, work);
  }

  start(): void {
    this.#cancel = this.#clock.after(pollMs, () => {
      this.#round = this.#poll()
        .catch((error) => this.#log.debug({ err: error }, 'could not poll the outbox'))
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#round;
    await this.flush();
  }

  /** What a row asks for is done. If this node dies before it is marked, it is done again. */
  done(id: string): void {
    this.#done.push(id);
    this.#marking ??= new Promise<void>((resolve) => this.#clock.after(markEveryMs, resolve)).then(() => {
      this.#marking = undefined;
      return this.#mark();
    });
  }

  /** Resolves when everything that is done is marked, or could not be. */
  async flush(): Promise<void> {
    // What is done in the same statement may be followed by something itself.
    while (this.#marking) await this.#marking;
  }

  async #mark(): Promise<void> {
    const ids = this.#done.splice(0);
    if (ids.length === 0) return;
    faultPoint('outbox.sent');
    try {
      await this.mark(ids);
    } catch (error) {
      this.#log.debug({ err: error }, 'could not mark what was sent: it is done again');
    }
  }

  async #poll(): Promise<void> {
    const rows = await this.#db.run(takeOutbox, leaseMs, atMost);
    await Promise.all(rows.map((row) => this.#relay(row)));
    if (this.#clock.now() - this.#forgotAt < forgetEveryMs) return;
    this.#forgotAt = this.#clock.now();
    await this.#forget();
  }

  #forget(): Promise<void> {
    const bite = async () => (await this.#db.run(forgetOld, forgetAtMost))[0]?.forgotten ?? 0;
    return inBites(forgetAtMost, bite, () => this.#stopped);
  }

  async #relay(row: OutboxRow): Promise<void> {
    const { id, topic, payload, attempts } = row;
    try {
      const work = this.#work.get(topic);
      if (!work) throw new Error(`nobody works on the topic ${topic}`);
      const end = await work(payload as Record<string, string>, row);
      this.counts.relayed++;
      if (end === 'done') this.done(id);
      else await this.#db.run(delayOutbox, id, 0);
    } catch (error) {
      this.counts.failed++;
      const delayMs = Math.min(firstPauseMs * 2 ** Math.min(attempts - 1, 6), longestPauseMs);
      this.#log.warn({ err: error, topic, outboxId: id, attempts }, 'could not do what follows a change');
      await this.#db.run(delayOutbox, id, delayMs).catch(() => undefined);
    }
  }
}
