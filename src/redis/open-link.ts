/** One connection to the Redis that an address names, or to all servers of its cluster. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { clusterServers } from './address.ts';

export type LinkOptions = Pick<
  RedisOptions,
  'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout' | 'enableAutoPipelining'
> & {
  /** After how many ms it tries again to connect; not a number: no more. */
  retryAfterMs?: (attempt: number) => number | null;
};

/** Quick at first, then every second: an outage of hours must neither end the node nor flood Redis. */
export const retryAfterMs = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 5), 1000);
const connectTimeout = 2000;

/** Not connected yet. */
export function openLink(url: string, options: LinkOptions): Redis | Cluster {
  const { retryAfterMs: retry = retryAfterMs, ...others } = options;
  const cluster = clusterServers(url);
  if (!cluster) return new Redis(url, { connectTimeout, lazyConnect: true, retryStrategy: retry, ...others });
  const { enableAutoPipelining = false, enableOfflineQueue = true, ...ofServers } = others;
  return new Cluster(cluster.servers, {
    // A connection that ends is opened again by the cluster, which looks first where the slots are now.
    redisOptions: { connectTimeout, lazyConnect: true, ...ofServers, ...cluster.options },
    clusterRetryStrategy: retry,
    // Certificates are made for names, not for the addresses behind them.
    ...(cluster.options.tls ? { dnsLookup: (address, done) => done(null, address) } : {}),
    lazyConnect: true,
    enableAutoPipelining,
    enableOfflineQueue,
    shardedSubscribers: others.maxRetriesPerRequest === null,
    slotsRefreshInterval: 2000,
  });
}
