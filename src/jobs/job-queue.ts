import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import { Cluster, type Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import { retryAfterMs } from '../redis/open-link.ts';

/** Jobs that are over stay in Redis for a look at them, so many of each end. */
const kept = 100;
/**
 * Does one job. What it throws counts as failed and is tried again as often as the job may. A job whose node died is done
 * again by another, so it must bear that.
 * @param signal ends when the node stops
 */
export type Work<Data> = (data: Data, signal: AbortSignal) => Promise<void>;

export interface QueueOptions {
  /** Jobs at once on one node. Default 1. */
  concurrency?: number;
  /** Jobs at once on all nodes together. Default: no limit. */
  everywhere?: number;
  /** How long a node keeps a job without a sign of life; then another takes it. Default 30 s. */
  lockMs?: number;
}

export interface AddOptions {
  /** While a job with this key waits, another is not added; while it is under way, one more is. */
  key?: string;
  delayMs?: number;
  /** How often it is tried in all. Default 1. */
  attempts?: number;
  /** Before the second attempt; it doubles. */
  backoffMs?: number;
}

interface Parts extends QueueOptions {
  producer: Redis | Cluster;
  /** What the worker gets its connections by. */
  connect: (retry: Retry) => ConnectionOptions;
  prefix: string;
  log: Logger;
}

/** After how many ms to connect again; null: no more. */
export type Retry = (attempt: number) => number | null;

interface Repeat<Data> {
  everyMs: number;
  data: Data;
}

/** One queue, and this node's worker of it. */
export class JobQueue<Data extends object> {
  readonly name: string;
  readonly #work: Work<Data>;
  readonly #parts: Parts;
  readonly #queue: Queue;
  readonly #repeats = new Map<string, Repeat<Data>>();
  readonly #stopping = new AbortController();
  #worker: Worker | undefined;
  /** One that BullMQ did not open, so it does not close it either. */
  #ownLink: Cluster | undefined;
  /** Ids of the jobs that are under way here. */
  readonly #underWay = new Set<string | undefined>();
  /** Called when nothing is under way any more. */
  #onIdle: () => void = () => undefined;

  constructor(name: string, work: Work<Data>, parts: Parts) {
    this.name = name;
    this.#work = work;
    this.#parts = parts;
    const { producer, prefix } = parts;
    this.#queue = new Queue(name, { connection: producer, prefix, skipVersionCheck: true });
    this.#queue.on('error', this.#onError);
    // A Redis that comes back may have lost what it knew.
    producer.on('ready', this.#settle);
  }

  start(): void {
    const { connect, prefix, concurrency = 1, lockMs = 30_000 } = this.#parts;
    const connection = connect(this.#retry);
    if (connection instanceof Cluster) this.#ownLink = connection;
    const { signal } = this.#stopping;
    const process = (id: string | undefined, data: Data): Promise<void> => {
      // It came while we stop: as it never ends here, another node takes it when we are gone.
      if (signal.aborted) return new Promise(() => undefined);
      this.#underWay.add(id);
      return this.#work(data, signal);
    };
    this.#worker = new Worker(this.name, (job) => process(job.id, job.data as Data), {
      // BullMQ connects anew on its own in places: not once we have stopped.
      connection,
      prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      skipVersionCheck: true,
    });
    this.#worker.on('error', this.#onError);
    this.#worker.on('completed', this.#onEnd);
    this.#worker.on('failed', (job, error) => {
      this.#onEnd(job);
      const { log } = this.#parts;
      log.warn({ err: error, queue: this.name, attempt: job?.attemptsMade }, 'a job failed');
    });
    if (this.#parts.producer.status === 'ready') this.#settle();
  }

  /** Rejects when Redis does not take it. */
  async add(data: Data, options: AddOptions = {}): Promise<void> {
    const { key, delayMs = 0, attempts = 1, backoffMs = 1000 } = options;
    await this.#queue.add(this.name, data, {
      ...ends,
      delay: delayMs,
      attempts,
      backoff: { type: 'exponential', delay: backoffMs },
      ...(key === undefined ? {} : { deduplication: { id: key, keepLastIfActive: true } }),
    });
  }

  /** Adds many at once. One whose id is there already is not added again. Rejects when Redis does not take them. */
  async addAll(jobs: readonly { id: string; data: Data; delayMs: number }[]): Promise<void> {
    const opts = { removeOnComplete: true, removeOnFail: true };
    await this.#queue.addBulk(
      jobs.map(({ id, data, delayMs }) => ({
        name: this.name,
        data,
        opts: { ...opts, jobId: id, delay: delayMs },
      })),
    );
  }

  /** The same job every `everyMs`, by one node at a time, beginning now. Nodes that ask for the same share it. */
  repeat(id: string, everyMs: number, data: Data): void {
    this.#repeats.set(id, { everyMs, data });
    if (this.#parts.producer.status === 'ready') this.#settle();
  }

  /** When the next repeat is due, ms since 1970. Rejects while Redis is away. */
  async nextRepeatAt(id: string): Promise<number | undefined> {
    return (await this.#queue.getJobScheduler(id))?.next;
  }

  /** Jobs under way are told, and get `graceMs`; what is not over then is done again by another node. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#parts.producer.off('ready', this.#settle);
    const worker = this.#worker;
    if (worker) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        if (this.#underWay.size === 0) resolve();
      });
      // Without its own waiting, which connects anew when it is over, also if we have left long since.
      await within(graceMs, worker.pause(true));
      await within(graceMs, idle);
      await within(graceMs, worker.close(true));
    }
    await within(graceMs, this.#queue.close());
    this.#ownLink?.disconnect();
  }

  readonly #onEnd = (job: { id?: string | undefined } | undefined): void => {
    if (this.#underWay.delete(job?.id) && this.#underWay.size === 0) this.#onIdle();
  };

  readonly #retry = (attempt: number): number | null =>
    this.#stopping.signal.aborted ? null : retryAfterMs(attempt);

  readonly #settle = (): void => {
    const { everywhere } = this.#parts;
    const put = async () => {
      if (everywhere !== undefined) await this.#queue.setGlobalConcurrency(everywhere);
      for (const [id, { everyMs, data }] of this.#repeats) {
        await this.#queue.upsertJobScheduler(id, { every: everyMs }, { name: this.name, data, opts: ends });
      }
    };
    put().catch(this.#onError);
  };

  readonly #onError = (error: unknown): void => {
    if (!this.#stopping.signal.aborted)
      this.#parts.log.debug({ err: error, queue: this.name }, 'a queue has an error');
  };
}

const ends = { removeOnComplete: { count: kept }, removeOnFail: { count: kept } };

/** However `work` ends, and if it does not, after `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
