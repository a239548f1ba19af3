/**
 * Work that is done later, or again and again, by any node: queues in the hub's Redis, kept by BullMQ. A part opens a
 * queue with what is to be done with each job; whoever has time takes the next one.
 *
 * BullMQ has connections of its own: a worker waits in Redis for its next job, and waits on through an outage however
 * long that takes, where the hub's commands fail at once. What is put into a queue fails as fast as those do.
 */
import type { ConnectionOptions } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import { clusterServers } from '../redis/address.ts';
import { openLink } from '../redis/open-link.ts';
import { JobQueue, type QueueOptions, type Retry, type Work } from './job-queue.ts';

/** How long jobs that are under way get to end when the node stops. */
const graceMs = 2000;

export interface JobsOptions {
  redisUrl: string;
  /** First part of every key; see `src/redis/keys.ts`. */
  prefix: string;
  /** After how long without an answer something that is put into a queue is given up. */
  commandTimeoutMs: number;
  log: Logger;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #queues: JobQueue<object>[] = [];
  #producer: Redis | Cluster | undefined;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** @param name of lower-case letters and dashes; the same on every node */
  open<Data extends object>(name: string, work: Work<Data>, options: QueueOptions = {}): JobQueue<Data> {
    const { redisUrl, prefix, log } = this.#options;
    const queue = new JobQueue<Data>(name, work, {
      ...options,
      producer: this.#connect(),
      connect: (retry) => workerLink(redisUrl, retry),
      prefix,
      log,
    });
    this.#queues.push(queue as unknown as JobQueue<object>);
    return queue;
  }

  /** From now on this node takes jobs. A part that opened no queue costs no connection. */
  start(): void {
    for (const queue of this.#queues) queue.start();
  }

  /** Ends in bounded time, also while Redis is away. */
  async stop(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop(graceMs)));
    this.#producer?.disconnect();
  }

  #connect(): Redis | Cluster {
    if (this.#producer) return this.#producer;
    const { redisUrl, commandTimeoutMs, log } = this.#options;
    const producer = openLink(redisUrl, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandTimeoutMs,
    });
    producer.on('error', (error) => log.debug({ err: error }, 'the jobs have no connection to Redis'));
    producer.connect().catch(() => undefined);
    this.#producer = producer;
    return producer;
  }
}

/** BullMQ opens the connections of a worker itself, but not those to a cluster. */
const workerLink = (redisUrl: string, retry: Retry): ConnectionOptions =>
  clusterServers(redisUrl)
    ? (openLink(redisUrl, { maxRetriesPerRequest: null, retryAfterMs: retry }) as Cluster)
    : { url: redisUrl, maxRetriesPerRequest: null, connectTimeout: 2000, retryStrategy: retry };
