/**
 * Writes down in PostgreSQL what Redis did to those who wait, and has them told. A step stays in Redis until it is
 * written: if this node dies, or PostgreSQL is away, the sweepers hand it out again after some seconds, to any node. The
 * statement does each step once, and says who came first: that node tells, and the outbox if it dies over it.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { recordWaitlist, type WaitlistNews } from '../database/waitlist-statements.ts';
import { type EventCard, type Events, priceOf } from '../events/events.ts';
import { faultPoint } from '../fault-points.ts';
import type { Logger } from '../log.ts';
import { forgetSteps } from '../redis/scripts/forget-steps.ts';
import type { WaitlistStep } from '../redis/waitlist-steps.ts';
import { placesText } from '../seating/places.ts';
import type { Inventory } from '../seats/inventory.ts';

/** In one statement: those that come meanwhile wait for it. */
const atOnce = 200;
/** Whoever asks while PostgreSQL is slow is told what it has. */
const settledWithinMs = 3000;

interface Queue {
  waiting: WaitlistStep[];
  working: Promise<void>;
}

export class StepRecorder {
  readonly #db: Database;
  readonly #events: Events;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #queues = new Map<string, Queue>();
  /** Steps that are on their way: sweepers see them too, and hand them out again. */
  readonly #under = new Set<string>();
  /** Steps this node was the first to write down, by kind, and statements that failed. */
  readonly counts: Record<string, number> & { failed: number } = { failed: 0 };
  /** Told of each step once, on the node that wrote it down. */
  tell: (news: WaitlistNews) => Promise<void> = async () => undefined;
  /** Marks what was told as done; without it the outbox does it again. */
  done: (outboxId: string) => void = () => undefined;

  constructor(parts: { db: Database; events: Events; inventory: Inventory; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#events = parts.events;
    this.#inventory = parts.inventory;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  /** Takes steps of an event, and returns at once. */
  take(eventId: string, steps: readonly WaitlistStep[]): void {
    const fresh = steps.filter(({ key }) => !this.#under.has(key));
    if (fresh.length === 0) return;
    for (const { key } of fresh) this.#under.add(key);
    const queue = this.#queues.get(eventId);
    if (queue) {
      queue.waiting.push(...fresh);
      return;
    }
    const begun: Queue = { waiting: [...fresh], working: Promise.resolve() };
    this.#queues.set(eventId, begun);
    begun.working = this.#work(eventId, begun).finally(() => this.#queues.delete(eventId));
  }

  /** Resolves when what was taken of an event is written, or could not be, or takes too long. */
  async settled(eventId: string): Promise<void> {
    const working = this.#queues.get(eventId)?.working;
    if (!working) return;
    let cancel: () => void = () => undefined;
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#clock.after(settledWithinMs, resolve);
    });
    await Promise.race([working, tooLong]).finally(() => cancel());
  }

  /** The same for all events. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(({ working }) => working));
  }

  async #work(eventId: string, queue: Queue): Promise<void> {
    // What a call brings about comes with its answer: whoever asks for it waits in the same turn.
    await Promise.resolve();
    while (queue.waiting.length > 0) {
      const steps = queue.waiting.splice(0, atOnce);
      try {
        await this.#record(eventId, steps);
      } catch (error) {
        this.counts.failed++;
        this.#log.warn(
          { err: error, eventId },
          'could not write down steps of a waitlist: they are tried again',
        );
      } finally {
        for (const { key } of steps) this.#under.delete(key);
      }
    }
  }

  async #record(eventId: string, steps: readonly WaitlistStep[]): Promise<void> {
    faultPoint('waitlist.stepped');
    const card = await this.#events.agedCard(eventId);
    if (!card) return;
    const rows = await this.#db.run(
      recordWaitlist,
      JSON.stringify(steps.map((step) => wireStep(card, step))),
    );
    faultPoint('waitlist.recorded');
    const kinds = new Map(steps.map(({ key, kind }) => [key, kind]));
    for (const row of rows) {
      const kind = kinds.get(row.key);
      if (row.is_new && kind) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    }
    for (const { outbox_id: outboxId, payload } of rows) {
      if (!outboxId || !payload) continue;
      await this.tell(payload);
      this.done(outboxId);
    }
    await this.#inventory.run(forgetSteps, eventId, { keys: steps.map(({ key }) => key) });
  }
}

/** A step as `record_waitlist` takes it. */
function wireStep(card: EventCard, step: WaitlistStep): object {
  const [userId = '', sessionId = '', requestId = ''] = step.actor.split(',');
  const { key, entryId, version, kind, state, order, missed, passes, at, position, reason } = step;
  const seats = {
    holdId: step.holdId,
    seats: step.seats,
    totalCents: step.seats.reduce((sum, seat) => sum + priceOf(card, seat), 0),
    currency: card.currency,
    places: placesText(card.plan, step.seats) || null,
    offeredAt: step.since,
    until: step.until,
  };
  return {
    key,
    entryId,
    version,
    kind,
    state,
    order,
    skipped: missed,
    passes,
    at,
    position,
    reason,
    actorId: userId || null,
    sessionId: sessionId || null,
    requestId: requestId || null,
    ...(step.holdId ? seats : {}),
  };
}
