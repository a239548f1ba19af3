/**
 * When each kiosk was last heard of, and what it showed. What kiosks say is kept in memory and written every few
 * seconds, all of them in one statement: a thousand screens cost as many statements as one.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { KioskSeen } from '../contracts.gen.ts';
import { noteKiosks } from '../database/board-statements.ts';
import type { Database } from '../database/database.ts';
import type { KioskStateRow } from '../database/entities.ts';
import { newEpoch } from '../ids.ts';
import type { Logger } from '../log.ts';

const writeEveryMs = 5000;
/** It speaks every 30 s; after this it counts as gone, although nobody saw its connection end. */
const silentMs = 75_000;

/** What a kiosk says of itself. */
export interface Beat {
  page?: number;
  pages?: number;
  epoch?: string;
  position?: number;
  version?: string;
  screen?: string;
}

interface Present {
  /** Names the time that a kiosk is connected to this node, so that its end is not taken for that of a later one. */
  connection: string;
  seenAt: number;
  goneAt: number | undefined;
  beat: Beat;
}

export class KioskPresence {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #present = new Map<string, Present>();
  readonly #unwritten = new Map<string, Present>();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  readonly counts = { beats: 0, statements: 0 };

  constructor(db: Database, log: Logger, clock: Clock = systemClock) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
  }

  /** Kiosks that are connected to this node. */
  get size(): number {
    return this.#present.size;
  }

  start(): void {
    this.#cancel = this.#clock.after(writeEveryMs, () => {
      void this.write().finally(() => this.#cancel && this.start());
    });
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.write();
  }

  /** A kiosk has begun to watch, or says how it is. */
  seen(kioskId: string, beat: Beat): void {
    this.counts.beats++;
    const known = this.#present.get(kioskId);
    const connection = known?.connection ?? newEpoch();
    const present = {
      connection,
      seenAt: this.#clock.now(),
      goneAt: undefined,
      beat: { ...known?.beat, ...beat },
    };
    this.#present.set(kioskId, present);
    this.#unwritten.set(kioskId, present);
  }

  /** Its last connection to this node has ended. */
  gone(kioskId: string): void {
    const present = this.#present.get(kioskId);
    if (!present) return;
    this.#present.delete(kioskId);
    this.#unwritten.set(kioskId, { ...present, goneAt: this.#clock.now() });
  }

  /** One after the other, so that what is older never comes after what is newer. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const rows = [...this.#unwritten];
    this.#unwritten.clear();
    try {
      this.counts.statements++;
      await this.#db.run(noteKiosks, JSON.stringify(rows.map(([id, present]) => rowOf(id, present))));
    } catch (error) {
      this.#log.debug(
        { err: error, kiosks: rows.length },
        'could not note how kiosks are; it is tried again',
      );
      for (const [id, present] of rows) if (!this.#unwritten.has(id)) this.#unwritten.set(id, present);
    }
  }
}

const rowOf = (kioskId: string, { connection, seenAt, goneAt, beat }: Present) => ({
  kiosk_id: kioskId,
  connection,
  seen_at: new Date(seenAt).toISOString(),
  gone_at: goneAt === undefined ? null : new Date(goneAt).toISOString(),
  ...beat,
});

export function seenView(row: KioskStateRow, now: number): KioskSeen {
  const { seenAt, goneAt, page, pages, epoch, position, version, screen } = row;
  return {
    at: seenAt.toISOString(),
    connected: !goneAt && now - seenAt.getTime() <= silentMs,
    page: page ?? null,
    pages: pages ?? null,
    epoch: epoch ?? null,
    position: position ?? null,
    version: version ?? null,
    screen: screen ?? null,
  };
}
