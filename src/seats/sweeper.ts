/**
 * Twice a second, on every node: frees what has run out, compares the maps that are watched here with
 * Redis, and sends the beacons. Events that nobody here watches are visited when their next hold is due,
 * and every ten seconds, so the cost of an idle event does not matter.
 */
import { type Clock, systemClock } from '../clock.ts';
import { Gate } from '../gate.ts';
import type { Logger } from '../log.ts';
import { sweepEvent } from '../redis/scripts/sweep-event.ts';
import type { Inventory } from './inventory.ts';
import type { LiveMaps } from './live-maps.ts';

const everyMs = 500;
/** No hold lives shorter than 15 s, so one made after a visit cannot be due before the next. */
const restMs = 10_000;
const relistMs = 5000;
/** Visits under way at once: enough to fill a pipeline, few enough to leave Redis to the holds. */
const atOnce = 64;
/** 100 holds each: 10,000 in one visit. */
const roundsAtMost = 100;

export class Sweeper {
  readonly #inventory: Inventory;
  readonly #maps: LiveMaps;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #nextVisit = new Map<string, number>();
  readonly #visiting = new Set<string>();
  /** Visits in a row that failed: the second one says that the map may be out of date. */
  readonly #failed = new Map<string, number>();
  readonly #visits = new Gate(atOnce, Number.POSITIVE_INFINITY);
  #listedAt = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(inventory: Inventory, maps: LiveMaps, log: Logger, clock: Clock = systemClock) {
    this.#inventory = inventory;
    this.#maps = maps;
    this.#log = log;
    this.#clock = clock;
  }

  start(): void {
    this.#cancel = this.#clock.after(everyMs, () => {
      this.#round()
        .catch((error) => this.#log.debug({ err: error }, 'sweep failed'))
        .finally(() => this.#stopped || this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    this.#maps.dropUnwatched();
    const watched = [...this.#maps.watched()];
    for (const eventId of watched) if (!this.#inventory.canReach(eventId)) this.#maps.setStale(eventId);
    if (this.#inventory.available) {
      await this.#relist();
      const now = this.#clock.now();
      const due = new Set(watched);
      for (const [eventId, at] of this.#nextVisit) if (at <= now) due.add(eventId);
      // Nobody waits for a slow one: it is left out until its visit has ended.
      for (const eventId of due) if (!this.#visiting.has(eventId)) void this.#visit(eventId);
    }
    for (const eventId of watched) this.#maps.beaconIfDue(eventId);
  }

  /** Other nodes load events too. In a cluster the list may be away while events are not: then the known ones do. */
  async #relist(): Promise<void> {
    if (this.#clock.now() - this.#listedAt < relistMs) return;
    const listed = await this.#inventory.loadedEvents().catch(() => undefined);
    if (!listed) return;
    const loaded = new Set(listed);
    this.#listedAt = this.#clock.now();
    for (const eventId of this.#nextVisit.keys()) {
      if (loaded.has(eventId)) continue;
      this.#nextVisit.delete(eventId);
      this.#failed.delete(eventId);
    }
    for (const eventId of loaded) if (!this.#nextVisit.has(eventId)) this.#nextVisit.set(eventId, 0);
  }

  async #visit(eventId: string): Promise<void> {
    this.#visiting.add(eventId);
    try {
      await this.#visits.run(() => this.#sweep(eventId));
      this.#failed.delete(eventId);
    } catch (error) {
      this.#log.debug({ err: error, eventId }, 'could not sweep');
      if ((this.#failed.get(eventId) ?? 0) >= 1) this.#maps.setStale(eventId);
      this.#failed.set(eventId, (this.#failed.get(eventId) ?? 0) + 1);
      this.#nextVisit.set(eventId, this.#clock.now() + everyMs);
    } finally {
      this.#visiting.delete(eventId);
    }
  }

  async #sweep(eventId: string): Promise<void> {
    let { answer, epoch } = await this.#inventory.run(sweepEvent, eventId, undefined);
    // A script frees a bounded number; when a whole hall's holds run out at once, go on.
    for (let again = 0; answer.dueInMs === 0 && again < roundsAtMost; again++) {
      ({ answer, epoch } = await this.#inventory.run(sweepEvent, eventId, undefined));
    }
    this.#maps.check(eventId, epoch, answer.cut);
    this.#nextVisit.set(eventId, this.#clock.now() + Math.min(answer.dueInMs ?? restMs, restMs));
  }
}
