/**
 * The connections to Redis: one for commands, one to publish, one to subscribe; to a Redis Cluster one of each to every
 * server. Commands fail fast while Redis is away (no offline queue, 500 ms), so that a request is refused at once
 * instead of hanging. None of them can end the process.
 */
import { type Cluster, Command, Redis } from 'ioredis';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type LinkOptions, openLink } from './open-link.ts';
import { ServerWatch } from './server-watch.ts';

const lookEveryMs = 1000;
const findWithinMs = 300;
/** After which a node starts although some masters of the cluster do not answer: it serves the events of the others. */
const wholeWithinMs = 10_000;

/** The server that has the keys of an event, and its run id. */
export interface Home {
  readonly redis: Redis;
  readonly run: string;
}

export class RedisLinks {
  /** For commands on one key. What is done to the keys of an event goes to its `home`. */
  readonly commands: Redis | Cluster;
  readonly publisher: Redis | Cluster;
  readonly subscriber: Redis | Cluster;
  readonly #log: Logger;
  /** By address; the only one of a Redis that is no cluster is called ''. */
  readonly #servers = new Map<string, ServerWatch>();
  readonly #slots = new WeakMap<readonly string[], number>();
  #closing = false;
  readonly #watch: NodeJS.Timeout;
  readonly counts = { errors: 0, outages: 0 };

  /** @param commandTimeoutMs after which a command that got no answer is given up */
  constructor(url: string, log: Logger, commandTimeoutMs = 500) {
    this.#log = log;
    const open = (options: LinkOptions) => openLink(url, options);
    const failFast = {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandTimeoutMs,
      // Calls of one turn of the event loop leave in one write.
      enableAutoPipelining: true,
    };
    this.commands = this.#listen('commands', open(failFast));
    this.publisher = this.#listen('publisher', open(failFast));
    // Subscriptions asked for during an outage wait for its end.
    this.subscriber = this.#listen('subscriber', open({ maxRetriesPerRequest: null }));
    this.#silence(this.subscriber);
    if (this.commands instanceof Redis) this.#serve('', this.commands);
    else this.#serveCluster(this.commands);
    this.#watch = setInterval(() => void this.#look(), lookEveryMs);
    this.#watch.unref();
  }

  /**
   * Where the keys of an event are.
   * @param keys all in one slot, always the same array for the same event (`keys.ts`)
   * @throws RequestError `try-later` while that server is away
   */
  home(keys: readonly string[]): Home {
    const server = this.#servers.get(this.#addressOf(keys));
    if (server?.run === undefined) throw new RequestError('try-later');
    return { redis: server.redis, run: server.run };
  }

  /** Connections that are ready, of three. */
  get ready(): number {
    return [this.commands, this.publisher, this.subscriber].filter((link) => link.status === 'ready').length;
  }

  /** Those that have keys. */
  get masters(): Redis[] {
    return this.commands instanceof Redis ? [this.commands] : this.commands.nodes('master');
  }

  /** Whether there is a server that has events: of a cluster others may be away (`canReach`). */
  get available(): boolean {
    for (const { run, redis } of this.#servers.values()) {
      if (run !== undefined && !redis.options.readOnly) return true;
    }
    return false;
  }

  /** Whether the server that has the keys of an event can be asked. */
  canReach(keys: readonly string[]): boolean {
    return this.#servers.get(this.#addressOf(keys))?.run !== undefined;
  }

  /** After a server has said that the keys of an event are not with it (any more). */
  async findAgain(): Promise<void> {
    const { commands } = this;
    if (commands instanceof Redis) return;
    // It asks one server after the other, and each may be slow to say that it is dead.
    const found = new Promise<void>((resolve) => commands.refreshSlotsCache(() => resolve()));
    await Promise.race([found, new Promise((resolve) => setTimeout(resolve, findWithinMs))]);
  }

  /** Waits until Redis answers, however long it takes, saying so every ten seconds. */
  async connect(): Promise<void> {
    const links = [this.commands, this.publisher, this.subscriber];
    for (const link of links) link.connect().catch(() => undefined);
    const isReady = (waited: number) =>
      (waited > wholeWithinMs ? this.available : this.#isWhole()) &&
      links.every((link) => link.status === 'ready');
    for (let waited = 0; !isReady(waited); waited += 50) {
      if (this.#closing) throw new Error('stopped while waiting for Redis');
      if (waited % 10_000 === 500) this.#log.warn('Waiting for Redis (REDIS_URL): it does not answer yet');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    for (const server of this.#servers.values()) server.close();
    for (const link of [this.commands, this.publisher, this.subscriber]) link.disconnect();
  }

  /** Every server that has slots is known. */
  #isWhole(): boolean {
    if (this.commands instanceof Redis) return this.available;
    const masters = new Set(this.commands.slots.map(([master]) => master));
    return masters.size > 0 && [...masters].every((name) => this.#servers.get(name ?? '')?.run !== undefined);
  }

  #addressOf(keys: readonly string[]): string {
    if (this.commands instanceof Redis) return '';
    let slot = this.#slots.get(keys);
    if (slot === undefined) {
      slot = new Command('exists', [keys[0] ?? '']).getSlot();
      this.#slots.set(keys, slot);
    }
    return this.commands.slots[slot]?.[0] ?? '';
  }

  #serve(address: string, redis: Redis): void {
    this.#servers.set(address, new ServerWatch(redis, this.#log, () => this.counts.outages++));
  }

  #serveCluster(cluster: Cluster): void {
    cluster.on('+node', (redis: Redis) => {
      this.#serve(addressOf(redis), redis);
      // Otherwise it connects with the first command, which would be refused for want of a run id.
      if (redis.status === 'wait') redis.connect().catch(() => undefined);
    });
    cluster.on('-node', (redis: Redis) => {
      const address = addressOf(redis);
      const server = this.#servers.get(address);
      // A connection that is replaced is told of after the one that takes its place.
      if (server?.redis !== redis) return;
      server.close();
      this.#servers.delete(address);
    });
    cluster.on('node error', (error: Error, address: string) =>
      this.#log.debug({ err: error, address }, 'Redis connection error'),
    );
  }

  async #look(): Promise<void> {
    if (this.#closing) return;
    for (const [address, server] of this.#servers) {
      void server.look().then((isGivenUp) => {
        if (isGivenUp && !this.#closing) this.#giveUp(address);
      });
    }
  }

  /** What else goes to a server that does not answer is on the same dead route. */
  #giveUp(address: string): void {
    const { publisher, subscriber } = this;
    if (publisher instanceof Redis) publisher.disconnect(true);
    else for (const redis of publisher.nodes()) if (addressOf(redis) === address) redis.disconnect(true);
    // Of a cluster, too: its sharded subscriptions are on connections of their own, which are opened anew.
    subscriber.disconnect(true);
  }

  #listen(name: string, link: Redis | Cluster): Redis | Cluster {
    link.on('error', (error: Error) => {
      this.counts.errors++;
      this.#log.debug({ link: name, err: error }, 'Redis connection error');
    });
    return link;
  }

  /** The adapter subscribes without awaiting: a rejection there would end the process. */
  #silence(link: Redis | Cluster): void {
    for (const name of ['ssubscribe', 'sunsubscribe'] as const) {
      const original = (link[name] as (...args: unknown[]) => Promise<unknown>).bind(link);
      Object.defineProperty(link, name, {
        value: (...args: unknown[]) =>
          original(...args).catch((error: unknown) => this.#log.debug({ err: error }, `${name} failed`)),
      });
    }
  }
}

const addressOf = ({ options }: Redis): string => `${options.host}:${options.port}`;

/** Whether a server refused because the keys are, or are about to be, with another one of its cluster. */
export const isMoved = (error: unknown): boolean =>
  error instanceof Error && /^(MOVED|ASK|READONLY|TRYAGAIN) /.test(error.message);
