/**
 * What the hub sends out: notifications by e-mail and web push, and domain events to webhooks. Each is a row of
 * `deliveries`, made once however often it is asked for.
 */
import type { Database } from '../database/database.ts';
import { inBites } from '../database/in-bites.ts';
import {
  type ChannelName,
  type DueRow,
  deliveryBacklog,
  endWaiting,
  forgetDeliveries,
  planNotified,
  planWebhooks,
} from '../database/delivery-statements.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { type DeliveryChannel, DeliveryLane, tooOld } from './delivery-lane.ts';
import { type DeliveryTimings, defaultDeliveryTimings } from './delivery-timings.ts';

const eventsAtOnce = 200;
const tidyAtMost = 5000;
const graceMs = 3000;

export class Deliveries {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #lanes: ReadonlyMap<ChannelName, DeliveryLane>;
  readonly #timings: DeliveryTimings;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #tidiedAt = performance.now();
  #stopped = false;

  constructor(parts: {
    db: Database;
    jobs: Jobs;
    log: Logger;
    /** Those that are configured. */
    channels: readonly DeliveryChannel[];
    timings?: Partial<DeliveryTimings> | undefined;
  }) {
    const { db, jobs, log, channels } = parts;
    this.#db = db;
    this.#log = log;
    this.#timings = { ...defaultDeliveryTimings, ...parts.timings };
    const timings = this.#timings;
    this.#lanes = new Map(
      channels.map((channel) => [channel.name, new DeliveryLane({ channel, db, jobs, timings, log })]),
    );
  }

  /** From now on this node looks for what is due. */
  start(): void {
    // Not all nodes at once.
    const inMs = this.#timings.sweepMs * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      this.#round = this.#look()
        .catch((error) => this.#log.debug({ err: error }, 'could not look for deliveries'))
        .finally(() => this.#stopped || this.start());
    }, inMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop(graceMs)));
  }

  /** What each notification becomes, by what its reader wants. Bears being asked for again. */
  async notified(ids: string[]): Promise<void> {
    const made = await this.#db.run(planNotified, ids, this.#lanes.has('email'), this.#lanes.has('push'));
    this.hasten(made);
  }

  /** Has some node take them on soon. */
  hasten(due: readonly DueRow[]): void {
    for (const [name, lane] of this.#lanes) {
      const own = due.filter(({ channel }) => channel === name);
      void lane.hasten(own.map(({ id, endpoint_id: endpointId }) => ({ id, endpointId })));
    }
  }

  /** How many deliveries of this node ended in which way, by `channel state`. */
  get counts(): Record<string, number> {
    const each = [...this.#lanes].flatMap(([name, { counts }]) =>
      Object.entries(counts).map(([state, count]) => [`${name} ${state}`, count] as const),
    );
    return Object.fromEntries(each);
  }

  /** How many wait, or are dead, on all nodes together, by `channel state`. undefined: PostgreSQL is away. */
  async backlog(): Promise<Record<string, number> | undefined> {
    const rows = await this.#db.run(deliveryBacklog).catch(() => undefined);
    return rows && Object.fromEntries(rows.map((row) => [`${row.channel} ${row.state}`, row.deliveries]));
  }

  async #look(): Promise<void> {
    await this.#planWebhooks();
    // A slow one keeps the others waiting as little as it keeps this.
    for (const lane of this.#lanes.values())
      lane.look().catch((error) => this.#log.debug({ err: error }, 'could not look for deliveries'));
    if (performance.now() - this.#tidiedAt < this.#timings.tidyMs) return;
    this.#tidiedAt = performance.now();
    const isStopped = () => this.#stopped;
    await inBites(tidyAtMost, () => this.#endWaiting(), isStopped);
    const forget = async () => (await this.#db.run(forgetDeliveries, tidyAtMost))[0]?.forgotten ?? 0;
    await inBites(tidyAtMost, forget, isStopped);
  }

  async #planWebhooks(): Promise<void> {
    for (let seen = eventsAtOnce; seen === eventsAtOnce && !this.#stopped; ) {
      const [planned] = await this.#db.run(planWebhooks, eventsAtOnce);
      const made = planned?.made ?? [];
      this.hasten(made.map(({ id, endpointId }) => ({ id, channel: 'webhook', endpoint_id: endpointId })));
      seen = planned?.seen ?? 0;
    }
  }

  /** What nobody sends any more, also of ways that are not configured (any more). @returns how many */
  async #endWaiting(): Promise<number> {
    const rows = await this.#db.run(endWaiting, this.#timings.longestAgeMs, tooOld, tidyAtMost);
    for (const { channel, ended } of rows) {
      const lane = this.#lanes.get(channel);
      if (lane) lane.counts.dead += ended;
      this.#log.warn({ channel, deliveries: ended }, 'deliveries are dead: nobody sends them any more');
    }
    return rows.reduce((sum, { ended }) => sum + ended, 0);
  }
}
