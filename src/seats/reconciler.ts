/**
 * Compares every event in Redis with PostgreSQL, all the time, and mends what differs: after bugs, after people who
 * changed something by hand, after whatever nobody has thought of. What is under way is no difference: the outbox
 * has its own time, and everything else must look the same at two looks some seconds apart.
 *
 * An event is looked after by one node at a time, by a lease beside its seats. One in which nothing has changed, in
 * Redis or in PostgreSQL, costs a call that answers `same`; once a minute it is compared all the same.
 *
 * Order matters: first Redis, then PostgreSQL. What PostgreSQL says is newer than what was seen, so a seat that
 * `mend-seats` finds unchanged since the look was as wrong when PostgreSQL was asked.
 */
import { type AuditLog, nobody } from '../audit/audit-log.ts';
import type { Confirms } from '../bookings/confirms.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { latestSales } from '../database/statements.ts';
import { Gate } from '../gate.ts';
import { newEpoch } from '../ids.ts';
import type { Logger } from '../log.ts';
import { type EventLook, lookAtEvent } from '../redis/scripts/look-at-event.ts';
import { mendBuyer } from '../redis/scripts/mend-buyer.ts';
import { mendSeats } from '../redis/scripts/mend-seats.ts';
import { type Difference, findDifferences } from './differences.ts';
import type { Inventory } from './inventory.ts';

const roundMs = 500;
const relistMs = 5000;
/** After a look that found something changed. */
const busyMs = 2000;
const restMs = 5000;
/** Two looks that see the same difference are at least so far apart. */
const patienceMs = 2500;
/** Longer than from one look to the next: a node keeps the events it has looked at. */
const leaseMs = 15_000;
const compareAtLeastEveryMs = 60_000;
/** A look that takes long, at a large hall, is taken as much more rarely. */
const shareOfTime = 20;
const atOnce = 4;

interface Known {
  /** "epoch:position" of the last look. */
  map: string;
  /** Row of the latest sale when it was compared. */
  sale: string;
  comparedAt: number;
  /** Differences that were seen, and since when. */
  suspects: Map<string, number>;
}

export interface ReconcilerParts {
  inventory: Inventory;
  confirms: Confirms;
  db: Database;
  audit: AuditLog;
  log: Logger;
  /** Tells Redis until when the event is sold, if it knows otherwise; answers whether it did. */
  followSale: (eventId: string) => Promise<boolean>;
  clock?: Clock;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #clock: Clock;
  readonly #node = newEpoch();
  readonly #nextLook = new Map<string, number>();
  readonly #known = new Map<string, Known>();
  readonly #looking = new Set<string>();
  readonly #looks = new Gate(atOnce, Number.POSITIVE_INFINITY);
  #listedAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #stopped = false;
  /** `looks` that saw the whole event, and what was mended by them. */
  readonly counts = { looks: 0, seats: 0, buyers: 0, holds: 0, sales: 0 };

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
  }

  start(): void {
    this.#cancel = this.#clock.after(roundMs, () => {
      this.#round()
        .catch((error) => this.#parts.log.debug({ err: error }, 'could not compare events'))
        .finally(() => this.#stopped || this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    const { inventory, db, log } = this.#parts;
    if (!inventory.available) return;
    await this.#relist();
    const now = this.#clock.monotonic();
    const due = [...this.#nextLook]
      .filter(([id, at]) => at <= now && !this.#looking.has(id))
      .map(([id]) => id);
    if (due.length === 0) return;
    const latest = await db.run(latestSales, due);
    const sales = new Map(latest.map(({ event_id: id, row_id: row }) => [id, row]));
    for (const eventId of due) {
      this.#looking.add(eventId);
      void this.#looks
        .run(() => this.#look(eventId, sales.get(eventId) ?? ''))
        .catch((error) => log.debug({ err: error, eventId }, 'could not compare an event'))
        .finally(() => this.#looking.delete(eventId));
    }
  }

  async #relist(): Promise<void> {
    if (this.#clock.monotonic() - this.#listedAt < relistMs) return;
    // In a cluster the list may be away while events are not: then the known ones do.
    const listed = await this.#parts.inventory.loadedEvents().catch(() => undefined);
    if (!listed) return;
    const loaded = new Set(listed);
    this.#listedAt = this.#clock.monotonic();
    for (const eventId of this.#nextLook.keys()) if (!loaded.has(eventId)) this.#forget(eventId);
    for (const eventId of loaded) if (!this.#nextLook.has(eventId)) this.#nextLook.set(eventId, 0);
  }

  #forget(eventId: string): void {
    this.#nextLook.delete(eventId);
    this.#known.delete(eventId);
  }

  async #look(eventId: string, sale: string): Promise<void> {
    if (this.#stopped) return;
    const startedAt = this.#clock.monotonic();
    this.#nextLook.set(eventId, startedAt + restMs);
    const before = this.#known.get(eventId);
    const isDue = !before || before.suspects.size > 0 || before.sale !== sale;
    const seeAll = isDue || startedAt - before.comparedAt >= compareAtLeastEveryMs;
    const args = { node: this.#node, leaseMs, known: seeAll ? '' : before.map };
    const { answer, epoch, position } = await this.#parts.inventory.run(lookAtEvent, eventId, args);
    if (answer.status === 'elsewhere') this.#known.delete(eventId);
    if (answer.status !== 'map') return;
    this.counts.looks++;
    if (await this.#parts.followSale(eventId)) this.counts.sales++;
    const differences = await findDifferences(this.#parts.db, eventId, answer);
    const now = this.#clock.monotonic();
    const suspects = new Map<string, number>();
    const certain: Difference[] = [];
    for (const each of differences) {
      const key = JSON.stringify(each);
      const since = before?.suspects.get(key) ?? now;
      suspects.set(key, since);
      if (now - since >= patienceMs) certain.push(each);
    }
    const map = `${epoch}:${position}`;
    this.#known.set(eventId, { map, sale, comparedAt: startedAt, suspects });
    const shareMs = (now - startedAt) * shareOfTime;
    // What may be wrong is not left so for long, however slow the machine.
    const pauseMs =
      suspects.size > 0 ? Math.max(patienceMs, Math.min(shareMs, restMs)) : Math.max(busyMs, shareMs);
    this.#nextLook.set(eventId, now + pauseMs);
    if (certain.length > 0) await this.#mend(eventId, epoch, position, answer, certain);
  }

  async #mend(
    eventId: string,
    epoch: string,
    position: number,
    look: EventLook,
    differences: Difference[],
  ): Promise<void> {
    const { inventory, confirms } = this.#parts;
    const seats = differences.filter((each) => each.kind === 'seat');
    if (seats.length > 0) {
      const { answer } = await inventory.run(mendSeats, eventId, { epoch, position, seats });
      for (const { seat, to } of answer.status === 'mended' ? answer.seats : []) {
        this.counts.seats++;
        this.#tell(eventId, 'seat-mended', [seat], { from: look.seats.charAt(seat), to });
      }
    }
    for (const each of differences) {
      if (each.kind === 'buyer') {
        const { answer } = await inventory.run(mendBuyer, eventId, each);
        if (answer.status !== 'mended') continue;
        this.counts.buyers++;
        const from = Number.parseInt(each.seen, 10) || 0;
        this.#tell(eventId, 'buyer-mended', [], { userId: each.owner, from, to: each.booked });
      } else if (each.kind === 'hold') {
        // What a confirm without an end gets: PostgreSQL has the last word.
        await confirms.settle(eventId, each.holdId);
        this.counts.holds++;
        this.#tell(eventId, 'hold-mended', [], { holdId: each.holdId });
      }
    }
  }

  #tell(eventId: string, action: string, seats: number[], details: Record<string, unknown>): void {
    const { log, audit } = this.#parts;
    log.warn({ eventId, seats, ...details }, `Redis differed from PostgreSQL: ${action}`);
    audit.note({ at: this.#clock.now(), action, eventId, by: nobody, seats, details });
  }
}
