/**
 * What a user may spend on messages. A hold takes some microseconds of a node, so no message waits for Redis here:
 * each node has a bucket of its own for each user, as for connections and addresses, and settles with the other nodes
 * afterwards and in blocks. Who spends on many nodes at once is over the common budget within a block on each, and
 * then refused everywhere until its window is over. While Redis is away the buckets of the nodes go on alone.
 */
import type { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Keys } from '../redis/keys.ts';
import { TokenBuckets } from '../socket/limits.ts';

const windowS = 10;
/** A bucket holds three seconds' worth: who uses one node alone never meets the common budget. */
const burstS = 3;
/** Settled once so much has been spent, in seconds of the budget. */
const blockS = 0.5;

export class UserBudget {
  readonly #local: TokenBuckets;
  readonly #shared: RateLimiterRedis;
  readonly #block: number;
  /** Not settled yet. What is below a block when its window is over is forgotten. */
  readonly #spent = new Map<string, number>();
  readonly #refusedUntil = new Map<string, number>();
  #sweptAt = 0;
  readonly counts = { settled: 0, refused: 0 };

  constructor({ redis, keys, perSecond }: { redis: Redis | Cluster; keys: Keys; perSecond: number }) {
    this.#local = new TokenBuckets(perSecond, burstS);
    this.#block = Math.max(1, Math.round(perSecond * blockS));
    this.#shared = new RateLimiterRedis({
      storeClient: redis,
      rejectIfRedisNotReady: true,
      keyPrefix: keys.limit('user'),
      points: perSecond * (windowS + burstS),
      duration: windowS,
    });
  }

  /** @returns 0 when the tokens were there and are taken, else after how many ms they will be */
  take(userId: string, tokens: number, now = performance.now()): number {
    this.#sweep(now);
    const until = this.#refusedUntil.get(userId);
    if (until !== undefined && now < until) {
      this.counts.refused++;
      return Math.ceil(until - now);
    }
    const wait = this.#local.take(userId, tokens, now);
    if (wait > 0) return wait;
    const spent = (this.#spent.get(userId) ?? 0) + tokens;
    if (spent < this.#block) this.#spent.set(userId, spent);
    else {
      this.#spent.delete(userId);
      void this.#settle(userId, spent, now);
    }
    return 0;
  }

  async #settle(userId: string, spent: number, now: number): Promise<void> {
    this.counts.settled++;
    try {
      await this.#shared.consume(userId, spent);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) this.#refusedUntil.set(userId, now + refusal.msBeforeNext);
    }
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < windowS * 1000) return;
    this.#sweptAt = now;
    this.#spent.clear();
    for (const [userId, until] of this.#refusedUntil) if (until <= now) this.#refusedUntil.delete(userId);
  }
}
