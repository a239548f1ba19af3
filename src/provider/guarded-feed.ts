/**
 * The provider, guarded: what may be over in a second is asked again, and a provider that does not answer is left alone
 * for a while. The policies are cockatiel's, the circuit is this node's own.
 */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type RetryPolicy,
  retry,
} from 'cockatiel';
import type { Addresses } from './addresses.ts';
import { FeedFailure, feedFailures } from './feed-failure.ts';
import type { FeedLimits } from './feed-limits.ts';
import { fetchFeed } from './fetch-feed.ts';

export type CircuitName = 'closed' | 'open' | 'half-open';

export class GuardedFeed {
  readonly #source: string;
  readonly #addresses: Addresses;
  readonly #limits: FeedLimits;
  readonly #circuit: CircuitBreakerPolicy;
  readonly #retries: RetryPolicy;

  constructor(source: string, addresses: Addresses, limits: FeedLimits) {
    this.#source = source;
    this.#addresses = addresses;
    this.#limits = limits;
    const mayPass = handleWhen((error) => error instanceof FeedFailure && feedFailures[error.code].repeat);
    this.#circuit = circuitBreaker(mayPass, {
      halfOpenAfter: limits.openMs,
      breaker: new ConsecutiveBreaker(limits.failuresInARow),
    });
    this.#retries = retry(mayPass, {
      maxAttempts: limits.retries,
      backoff: new ExponentialBackoff({ initialDelay: limits.pauseMs, maxDelay: limits.maxPauseMs }),
    });
  }

  get circuit(): CircuitName {
    const { state } = this.#circuit;
    if (state === CircuitState.Closed) return 'closed';
    return state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /**
   * @param onAttempt is told before each attempt
   * @throws FeedFailure
   */
  async fetch(signal: AbortSignal, onAttempt: () => void): Promise<Uint8Array> {
    const attempt = () => {
      onAttempt();
      return fetchFeed(this.#source, this.#addresses, this.#limits, signal);
    };
    try {
      return await this.#retries.execute(() => this.#circuit.execute(attempt), signal);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new FeedFailure('circuit-open', undefined, error);
      if (error instanceof FeedFailure) throw error;
      throw new FeedFailure(signal.aborted ? 'stopped' : 'unexpected', undefined, error);
    }
  }
}
