/**
 * How often somebody may ask over HTTP, counted in Redis on all nodes together: for each class of routes by itself, by
 * user for who has signed in and by address for who has not. One round trip a request; who floods is remembered here
 * until their window is over, so that a flood does not reach Redis. While Redis is away each node counts for itself.
 *
 * Answers carry `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
 */
import type { Cluster, Redis } from 'ioredis';
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { CompiledAsk } from '../contracts.ts';
import type { Keys } from '../redis/keys.ts';

/** Reading must not be paid for by who writes, and what takes a node long has a smaller share. */
const classes = ['read', 'write', 'heavy'] as const;
export type RouteClass = (typeof classes)[number];

/** From this cost on a message is heavy. */
const heavyCost = 10;
/** Of what others may: a heavy request keeps a node as busy as five. */
const heavyShare = 1 / 5;
/** Within so long a burst may be spent once. */
const burstWindowS = 5;
/** These count attempts by account and address themselves, far more strictly (`src/accounts.ts`). */
const ownLimits: ReadonlySet<string> = new Set(['auth:login', 'auth:register']);

export interface Taken {
  /** 0, or when to ask again. */
  retryAfterMs: number;
  headers: Record<string, string>;
}

interface Limit {
  readonly limiter: BurstyRateLimiter;
  readonly policy: string;
}

export interface HttpLimitsOptions {
  redis: Redis | Cluster;
  keys: Keys;
  perSecond: number;
  burst: number;
}

export class HttpLimits {
  readonly #limits: ReadonlyMap<RouteClass, Limit>;
  readonly counts = { refused: 0 };

  constructor(options: HttpLimitsOptions) {
    this.#limits = new Map(classes.map((name) => [name, this.#limit(name, options)]));
  }

  /** @param who a user, or an address */
  async take(name: RouteClass, who: string): Promise<Taken> {
    const { limiter, policy } = this.#limits.get(name) as Limit;
    const answer = await limiter.consume(who).then(
      (left) => ({ left, isRefused: false }),
      (left: unknown) => {
        if (left instanceof RateLimiterRes) return { left, isRefused: true };
        throw left;
      },
    );
    const { left, isRefused } = answer;
    const seconds = Math.max(1, Math.ceil(left.msBeforeNext / 1000));
    const headers = {
      'ratelimit-policy': policy,
      ratelimit: `"${name}";r=${isRefused ? 0 : left.remainingPoints};t=${seconds}`,
    };
    if (!isRefused) return { retryAfterMs: 0, headers };
    this.counts.refused++;
    return { retryAfterMs: Math.max(1, left.msBeforeNext), headers };
  }

  #limit(name: RouteClass, { redis, keys, perSecond, burst }: HttpLimitsOptions): Limit {
    const share = name === 'heavy' ? heavyShare : 1;
    const [each, more] = [perSecond, burst].map((points) => Math.max(1, Math.round(points * share))) as [
      number,
      number,
    ];
    const counter = (points: number, duration: number, key: string) =>
      new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix: keys.limit(key),
        points,
        duration,
        inMemoryBlockOnConsumed: points + 1,
        insuranceLimiter: new RateLimiterMemory({ keyPrefix: key, points, duration }),
      });
    return {
      limiter: new BurstyRateLimiter(
        counter(each, 1, `http-${name}`),
        counter(more, burstWindowS, `http-${name}-burst`),
      ),
      policy: `"${name}";q=${each};w=1, "${name}-burst";q=${more};w=${burstWindowS}`,
    };
  }
}

/** undefined: the message has limits of its own. */
export function routeClass({ name, http, cost }: CompiledAsk): RouteClass | undefined {
  if (ownLimits.has(name)) return undefined;
  if (cost >= heavyCost) return 'heavy';
  return http?.method === 'GET' ? 'read' : 'write';
}
