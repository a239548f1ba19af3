/**
 * Alerts that an event is about to start. What is due is in PostgreSQL (`alerts`, kept by `alert-triggers.ts`), and one
 * statement claims it: alerts are sent if and only if their ticket holders have their notifications. Two things call it:
 *
 * - a job in Redis at each moment at which something is due, put there when that moment is ten minutes away, so neither
 *   Redis nor the wait grows with the events that are far off;
 * - a sweep of every node, twice a second, which takes what is due and nobody has claimed: the jobs are lost with their
 *   Redis, and a node that should have woken may be dead.
 *
 * A claim leaves a row in the outbox by which rooms are told, if the node that claimed died before it told them.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import {
  claimAlerts,
  claimedAtMost,
  type RoomAlert,
  timeAlerts,
  timedAtMost,
} from '../database/notification-statements.ts';
import { faultPoint } from '../fault-points.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import type { Notifications } from '../notifications/notifications.ts';
import { startingSoonForRooms } from '../notifications/starting-soon.ts';
import type { Publisher } from '../socket/publish.ts';

const sweepEveryMs = 500;
/** What is due for so long is in nobody's hands: a job would have taken it. */
const leftForJobsMs = 300;
/** Jobs are put into Redis so long ahead. */
const horizonMs = 10 * 60_000;
/** Moments closer than this share a job. */
const grainMs = 50;
/** Statements in one round of the sweep that put jobs into Redis; there is another round soon. */
const timingRounds = 10;

export class Alerts {
  readonly #db: Database;
  readonly #notifications: Notifications;
  readonly #publisher: Publisher;
  readonly #queue: JobQueue<{ at: number }>;
  readonly #log: Logger;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #round: Promise<void> | undefined;
  #claiming: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #stopped = false;
  /** Marks a row of the outbox: what it asks for is done. */
  done: (outboxId: string) => void = () => undefined;
  readonly counts = { sent: 0, missed: 0, rooms: 0, swept: 0, timed: 0 };

  constructor(parts: {
    db: Database;
    jobs: Jobs;
    notifications: Notifications;
    publisher: Publisher;
    log: Logger;
    clock?: Clock;
  }) {
    this.#db = parts.db;
    this.#notifications = parts.notifications;
    this.#publisher = parts.publisher;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    // More than one, so that none of those that are served together waits for the others' turn.
    this.#queue = parts.jobs.open<{ at: number }>('alerts', () => this.#wake(), { concurrency: 4 });
  }

  start(): void {
    this.#cancel = this.#clock.after(sweepEveryMs, () => {
      this.#round = this.sweep()
        .catch((error) => this.#log.debug({ err: error }, 'could not look for alerts'))
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await Promise.all([this.#round, this.#claiming?.catch(() => undefined)]);
  }

  /** Claims what was left over, and puts jobs into Redis for what is next. */
  async sweep(): Promise<void> {
    const before = this.counts.sent + this.counts.missed;
    await this.#claim(leftForJobsMs);
    this.counts.swept += this.counts.sent + this.counts.missed - before;
    for (let round = 0; round < timingRounds && !this.#stopped; round++) {
      if ((await this.#time()) < timedAtMost) return;
    }
  }

  /** Tells rooms what another node claimed and had no time to tell. */
  tellRooms(rooms: readonly RoomAlert[]): void {
    for (const alert of rooms) {
      const told = startingSoonForRooms(alert);
      if (!told) continue;
      this.counts.rooms++;
      this.#publisher.toEvent(alert.eventId, 'alerts:starting-soon', { ...told, to: 'watchers' });
      if (alert.venueId) {
        this.#publisher.toVenue(alert.venueId, 'alerts:starting-soon', { ...told, to: 'venue' });
      }
    }
  }

  /** Something is due now. Whoever wakes while a claim is under way is served by the one after it. */
  #wake(): Promise<void> {
    this.#next ??= (this.#claiming ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#claiming = this.#claim(0);
        return this.#claiming;
      })
      // The sweep does it.
      .catch((error) => this.#log.debug({ err: error }, 'could not claim alerts'));
    return this.#next;
  }

  async #claim(dueSinceMs: number): Promise<void> {
    const { alerts, holders } = claimedAtMost;
    for (let isMore = true; isMore && !this.#stopped; ) {
      const [claimed] = await this.#db.run(claimAlerts, dueSinceMs);
      if (!claimed || claimed.taken === 0) return;
      faultPoint('alerts.claimed');
      this.counts.sent += claimed.sent;
      this.counts.missed += claimed.missed;
      this.tellRooms(claimed.rooms);
      if (claimed.outbox_id) this.done(claimed.outbox_id);
      this.#notifications.made(claimed.made);
      isMore = claimed.taken === alerts || claimed.made.length === holders;
    }
  }

  /** Jobs for what is due within the horizon. Lost, they are made up for by the sweep. @returns how many alerts */
  async #time(): Promise<number> {
    const near = await this.#db.run(timeAlerts, horizonMs);
    const jobs = new Map<string, { id: string; data: { at: number }; delayMs: number }>();
    let count = 0;
    for (const { due_ms: dueMs, in_ms: inMs, alerts } of near) {
      // On the clock of PostgreSQL, which judges what is due.
      const at = Math.ceil(dueMs / grainMs) * grainMs;
      const id = `due-${at}`;
      jobs.set(id, { id, data: { at }, delayMs: Math.max(0, Math.ceil(inMs + at - dueMs)) });
      count += alerts;
    }
    if (jobs.size === 0) return 0;
    this.counts.timed += count;
    await this.#queue
      .addAll([...jobs.values()])
      .catch((error) => this.#log.debug({ err: error }, 'alerts have no jobs: they wait for the sweep'));
    return count;
  }
}
