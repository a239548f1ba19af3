/**
 * Completes events whose end has come, on whichever node looks first. It asks an index for what is due and sees
 * no other event, however many there are.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { completeEvents } from '../database/event-statements.ts';
import type { Logger } from '../log.ts';

const everyMs = 5000;
const atMost = 200;

export class Completions {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #completed: (eventId: string) => void;
  #cancel: (() => void) | undefined;
  #stopped = false;
  readonly counts = { completed: 0 };

  constructor(parts: {
    db: Database;
    log: Logger;
    /** Told of each event once, on the node that completed it. */
    completed: (eventId: string) => void;
    clock?: Clock;
    everyMs?: number;
  }) {
    this.#db = parts.db;
    this.#log = parts.log;
    this.#completed = parts.completed;
    this.#clock = parts.clock ?? systemClock;
    this.#everyMs = parts.everyMs ?? everyMs;
  }

  start(): void {
    this.#cancel = this.#clock.after(this.#everyMs, () => {
      this.round()
        .catch((error) => this.#log.debug({ err: error }, 'could not complete events'))
        .finally(() => this.#stopped || this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** Completes what is due. @returns how many this node completed */
  async round(): Promise<number> {
    let completed = 0;
    for (let found = atMost; found === atMost && !this.#stopped; ) {
      const rows = await this.#db.run(completeEvents, atMost, 'its end has come');
      for (const { id } of rows) this.#completed(id);
      found = rows.length;
      completed += found;
    }
    this.counts.completed += completed;
    return completed;
  }
}
