/**
 * One way out of the hub (mail, webhooks or web push), on this node: takes deliveries on, tries them, and writes how each
 * ended. PostgreSQL says what is due and who has it; a queue in Redis only says when to look, so nothing is lost with it.
 * What comes out is at least once: a node that dies after a receiver has taken something and before that is written leaves
 * it to another. Whatever is sent has an id by which receivers know a repeat.
 */
import type { Database } from '../database/database.ts';
import {
  type ChannelName,
  type DeliveryRow,
  dueDeliveries,
  endDelivery,
  failDelivery,
  leaseDelivery,
  releaseDelivery,
} from '../database/delivery-statements.ts';
import { faultPoint } from '../fault-points.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { DeliveryFailure } from './delivery-failure.ts';
import { type DeliveryTimings, pauseAfter } from './delivery-timings.ts';

/** What a way out consists of. */
export interface DeliveryChannel {
  readonly name: ChannelName;
  /** Deliveries that a node has under way at once. */
  readonly atOnce: number;
  /** Of those to one endpoint. */
  readonly perEndpoint: number;
  /** Resolves once the receiver has taken it. Ends in less than the time of a lease. @throws DeliveryFailure */
  send(delivery: DeliveryRow, signal: AbortSignal): Promise<void>;
  close?(): void;
}

interface Due {
  id: string;
  endpointId: string | null;
}

/** What is due later is left to the sweep: Redis need not keep it for hours. */
const longestDelayMs = 600_000;
const reasonLength = 500;
export const tooOld = 'it is too old: it could not be sent for too long';

export interface LaneParts {
  channel: DeliveryChannel;
  db: Database;
  jobs: Jobs;
  timings: DeliveryTimings;
  log: Logger;
}

export class DeliveryLane {
  readonly channel: DeliveryChannel;
  readonly counts = { sent: 0, failed: 0, dead: 0 };
  readonly #parts: LaneParts;
  readonly #queue: JobQueue<Due>;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** How many are under way to each endpoint. */
  readonly #busy = new Map<string, number>();
  /** Endpoints with deliveries that found no room: whichever ends next goes on with them. */
  readonly #left = new Set<string>();
  #stopped = false;
  #looking = false;

  constructor(parts: LaneParts) {
    this.channel = parts.channel;
    this.#parts = parts;
    const { name, atOnce } = parts.channel;
    const lockMs = parts.timings.leaseMs;
    this.#queue = parts.jobs.open<Due>(`deliveries-${name}`, (due) => this.#take(due), {
      concurrency: atOnce,
      lockMs,
    });
  }

  /** Has some node take them on soon. Redis may be away: then they are found a little later. */
  async hasten(due: readonly Due[], delayMs = 0, attempts = 0): Promise<void> {
    if (due.length === 0 || delayMs > longestDelayMs) return;
    const jobs = due.map((data) => ({ id: `${data.id}-${attempts}`, data, delayMs }));
    await this.#queue
      .addAll(jobs)
      .catch((error) =>
        this.#parts.log.debug({ err: error }, 'deliveries are in no queue: they are found by looking'),
      );
  }

  /** Takes on what is late, as far as there is room. */
  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    try {
      for (let isMore = true; isMore && !this.#stopped; ) {
        const room = this.channel.atOnce - this.#underWay.size;
        if (room <= 0) return;
        const due = await this.#due(this.#parts.timings.lateMs, room, null);
        for (const each of due) void this.#take(each);
        // A full house goes on as soon as one of them has ended.
        isMore = due.length === room && this.#underWay.size > 0;
        if (isMore) await Promise.race(this.#underWay);
      }
    } finally {
      this.#looking = false;
    }
  }

  /** Lets what is under way end for `graceMs`; what has not by then is given back. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    const timer = setTimeout(() => this.#stopping.abort(), graceMs);
    await Promise.all(this.#underWay);
    clearTimeout(timer);
    this.channel.close?.();
  }

  #due(lateMs: number, atMost: number, endpointId: string | null): Promise<Due[]> {
    const { name, perEndpoint } = this.channel;
    const busy = [...this.#busy].filter(([, count]) => count >= perEndpoint).map(([id]) => id);
    return this.#parts.db
      .run(dueDeliveries, name, lateMs, atMost, busy, perEndpoint, endpointId)
      .then((rows) => rows.map(({ id, endpoint_id }) => ({ id, endpointId: endpoint_id })));
  }

  async #take({ id, endpointId }: Due): Promise<void> {
    if (this.#stopped) return;
    if (endpointId !== null) {
      const busy = this.#busy.get(endpointId) ?? 0;
      if (busy >= this.channel.perEndpoint) {
        this.#left.add(endpointId);
        return;
      }
      this.#busy.set(endpointId, busy + 1);
    }
    const taking = this.#try(id)
      .catch((error) =>
        // Its lease runs out, and it is taken again.
        this.#parts.log.debug(
          { err: error, delivery: id },
          'a delivery was not taken on, or its end not written',
        ),
      )
      .finally(() => {
        this.#underWay.delete(taking);
        if (endpointId !== null) this.#free(endpointId);
      });
    this.#underWay.add(taking);
    await taking;
    if (endpointId !== null && this.#left.has(endpointId)) this.#goOn(endpointId);
  }

  #free(endpointId: string): void {
    const busy = (this.#busy.get(endpointId) ?? 1) - 1;
    if (busy > 0) this.#busy.set(endpointId, busy);
    else this.#busy.delete(endpointId);
  }

  #goOn(endpointId: string): void {
    this.#due(0, 1, endpointId)
      .then(([next]) => (next ? void this.#take(next) : void this.#left.delete(endpointId)))
      .catch(() => this.#left.delete(endpointId));
  }

  async #try(id: string): Promise<void> {
    const { db, timings, log } = this.#parts;
    const [delivery] = await db.run(leaseDelivery, id, timings.leaseMs);
    if (!delivery) return;
    try {
      this.#checkAge(delivery);
      await this.channel.send(delivery, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) return this.#failed(delivery, error);
      await db.run(releaseDelivery, id, delivery.attempts);
      return;
    }
    faultPoint('delivery.sent');
    this.counts.sent++;
    await db.run(endDelivery, id, delivery.attempts);
    log.debug({ delivery: id, channel: delivery.channel, kind: delivery.kind }, 'delivered');
  }

  #checkAge({ attempts, age_ms: ageMs }: DeliveryRow): void {
    const { attempts: atMost, longestAgeMs } = this.#parts.timings;
    const reason =
      ageMs > longestAgeMs
        ? tooOld
        : // Its nodes died over it, each time.
          attempts > atMost
          ? 'none of its attempts came to an end'
          : undefined;
    if (reason) throw new DeliveryFailure(reason, { isFinal: true, isUnasked: true });
  }

  async #failed(delivery: DeliveryRow, error: unknown): Promise<void> {
    const { db, timings, log } = this.#parts;
    const { id, attempts, channel, kind, endpoint_id: endpointId } = delivery;
    const failure = error instanceof DeliveryFailure ? error : undefined;
    const isLast = failure?.isFinal || failure?.isGone || attempts >= timings.attempts;
    const againInMs = isLast
      ? null
      : Math.max(pauseAfter(attempts, timings), Math.min(failure?.retryAfterMs ?? 0, timings.longestRestMs));
    const reason = (failure?.message ?? 'something is wrong on our side: see the log').slice(0, reasonLength);
    const facts = { err: error, delivery: id, channel, kind, attempts };
    if (isLast) this.counts.dead++;
    else this.counts.failed++;
    if (!failure) log.error(facts, 'a delivery failed on our side');
    else log[isLast ? 'warn' : 'debug'](facts, isLast ? 'a delivery is dead' : 'a delivery failed');
    const { failuresInARow, restMs, longestRestMs } = timings;
    const [ended] = await db.run(
      failDelivery,
      ...([id, attempts, reason, againInMs, failuresInARow, restMs, longestRestMs] as const),
      failure?.isGone ?? false,
      // What is wrong on our side is no failure of a receiver.
      failure?.isUnasked ?? true,
    );
    if (ended?.state === 'waiting' && againInMs !== null && !ended.is_paused)
      await this.hasten([{ id, endpointId }], againInMs, attempts);
  }
}
