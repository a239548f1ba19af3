/**
 * Any provider, guarded. From the outside in: a bulkhead bounds how many calls are under way, retries repeat
 * what has no known outcome (safe: every call has an idempotency key), a circuit breaker stops asking a
 * provider that does not answer, and each attempt has a time-out. The policies are cockatiel's.
 */
import {
  type BulkheadPolicy,
  BulkheadRejectedError,
  BrokenCircuitError,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type RetryPolicy,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  type TimeoutPolicy,
  timeout,
} from 'cockatiel';
import {
  type AuthoriseRequest,
  type CaptureRequest,
  PaymentDeclined,
  type PaymentProvider,
  PaymentUnavailable,
  type RefundRequest,
  type StartRequest,
  type UnavailableReason,
  type VoidRequest,
} from './provider.ts';

export interface Guard {
  /** Longer than banks usually take to answer, which is a few seconds. */
  readonly attemptMs: number;
  /** Beside the first attempt. A saga repeats later what still has no outcome, so there is no need for many. */
  readonly retries: number;
  /** About the first pause; the next ones double, with decorrelated jitter so that nodes do not ask in step. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  /** The circuit opens when more than half of the last `sample` attempts had no outcome. */
  readonly sample: number;
  /** Not before so many attempts: one unlucky call is no outage. */
  readonly sampleAtLeast: number;
  /** How long an open circuit waits before one call may try. */
  readonly openMs: number;
  /** Calls at once, on one node: Stripe takes about 100 a second of an account, in all. */
  readonly concurrent: number;
  /** Calls that wait for their turn. */
  readonly queued: number;
}

export const defaultGuard: Guard = {
  attemptMs: 8000,
  retries: 2,
  pauseMs: 250,
  maxPauseMs: 2000,
  sample: 20,
  sampleAtLeast: 5,
  openMs: 10_000,
  concurrent: 32,
  queued: 256,
};

export type PaymentCall = 'start' | 'authorise' | 'capture' | 'void' | 'refund' | 'find';
/** For metrics: the state of the payment it led to, `missing` if there is none, or how it failed. */
export type CallOutcome = string;

/** What happens in the guard, for logs and metrics. */
export type GuardEvent =
  | {
      readonly kind: 'call';
      readonly call: PaymentCall;
      readonly outcome: CallOutcome;
      readonly ms: number;
      readonly attempts: number;
    }
  | {
      readonly kind: 'retry';
      readonly call: PaymentCall;
      readonly reason: UnavailableReason;
      readonly pauseMs: number;
    }
  | { readonly kind: 'circuit'; readonly state: 'open' | 'half-open' | 'closed' };

/** Retries would not help: the provider has to be told something else, by an operator. */
const isRetryable = (error: unknown): boolean =>
  error instanceof PaymentUnavailable && error.reason !== 'credentials';
/** The provider did not do its part. That another call uses the key shows that it works. */
const isFailure = (error: unknown): boolean =>
  error instanceof PaymentUnavailable && error.reason !== 'in-progress';

/** A "no" counts as an answer, so it goes through the policies as a value. */
type Answer<T> = { readonly value: T } | { readonly declined: PaymentDeclined };
type Attempt<T> = (signal: AbortSignal) => Promise<T>;

export class GuardedProvider implements PaymentProvider {
  readonly name: string;
  readonly #inner: PaymentProvider;
  readonly #guard: Guard;
  readonly #onEvent: (event: GuardEvent) => void;
  readonly #bulkhead: BulkheadPolicy;
  readonly #circuit: CircuitBreakerPolicy;
  readonly #timeout: TimeoutPolicy;
  #openedAt = 0;

  /** @param onEvent must not throw */
  constructor(
    inner: PaymentProvider,
    guard: Partial<Guard> = {},
    onEvent: (event: GuardEvent) => void = () => undefined,
  ) {
    this.name = inner.name;
    this.#inner = inner;
    this.#guard = { ...defaultGuard, ...guard };
    this.#onEvent = onEvent;
    const { concurrent, queued, attemptMs, openMs, sample, sampleAtLeast } = this.#guard;
    this.#bulkhead = bulkhead(concurrent, queued);
    // Aggressive: whoever waits is answered in time, also if the provider does not listen to the signal.
    this.#timeout = timeout(attemptMs, TimeoutStrategy.Aggressive);
    this.#circuit = circuitBreaker(handleWhen(isFailure), {
      halfOpenAfter: openMs,
      breaker: new CountBreaker({ threshold: 0.5, size: sample, minimumNumberOfCalls: sampleAtLeast }),
    });
    this.#circuit.onStateChange((state) => {
      if (state === CircuitState.Open) this.#openedAt = Date.now();
      const names = { [CircuitState.Open]: 'open', [CircuitState.HalfOpen]: 'half-open' } as const;
      onEvent({ kind: 'circuit', state: names[state as keyof typeof names] ?? 'closed' });
    });
  }

  /**
   * Whether a call would be let through: false while the circuit is open or there is no room to wait. An
   * open circuit that has waited long enough counts as available, for only a call can find out.
   */
  get available(): boolean {
    if (this.circuit === 'open' && Date.now() - this.#openedAt < this.#guard.openMs) return false;
    return this.#bulkhead.executionSlots > 0 || this.#bulkhead.queueSlots > 0;
  }

  get circuit(): 'open' | 'half-open' | 'closed' {
    const { state } = this.#circuit;
    if (state === CircuitState.Closed) return 'closed';
    return state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  start(request: StartRequest, signal?: AbortSignal) {
    return this.#call('start', (ends) => this.#inner.start(request, ends), signal);
  }

  authorise(request: AuthoriseRequest, signal?: AbortSignal) {
    return this.#call('authorise', (ends) => this.#inner.authorise(request, ends), signal);
  }

  capture(request: CaptureRequest, signal?: AbortSignal) {
    return this.#call('capture', (ends) => this.#inner.capture(request, ends), signal);
  }

  void(request: VoidRequest, signal?: AbortSignal) {
    return this.#call('void', (ends) => this.#inner.void(request, ends), signal);
  }

  refund(request: RefundRequest, signal?: AbortSignal) {
    return this.#call('refund', (ends) => this.#inner.refund(request, ends), signal);
  }

  find(paymentId: string, signal?: AbortSignal) {
    return this.#call('find', (ends) => this.#inner.find(paymentId, ends), signal);
  }

  async #call<T extends { state: string } | undefined>(
    call: PaymentCall,
    attempt: Attempt<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const startedAt = performance.now();
    let attempts = 0;
    const told = (outcome: CallOutcome) =>
      this.#onEvent({ kind: 'call', call, outcome, ms: performance.now() - startedAt, attempts });
    try {
      const answer = await this.#bulkhead.execute(
        () =>
          this.#retries(call).execute(
            () =>
              this.#circuit.execute(() => {
                attempts++;
                return this.#attempt(attempt, signal);
              }),
            signal,
          ),
        signal,
      );
      if ('declined' in answer) throw answer.declined;
      told(answer.value?.state ?? 'missing');
      return answer.value;
    } catch (error) {
      const failure = failureOf(error, attempts > 0);
      told(failure instanceof PaymentDeclined ? failure.code : failure.reason);
      throw failure;
    }
  }

  #retries(call: PaymentCall): RetryPolicy {
    const { retries, pauseMs, maxPauseMs } = this.#guard;
    const policy = retry(handleWhen(isRetryable), {
      maxAttempts: retries,
      backoff: new ExponentialBackoff({ initialDelay: pauseMs, maxDelay: maxPauseMs }),
    });
    policy.onRetry((failed) => {
      const reason = 'error' in failed && failed.error instanceof PaymentUnavailable && failed.error.reason;
      this.#onEvent({ kind: 'retry', call, reason: reason || 'unexpected', pauseMs: failed.delay });
    });
    return policy;
  }

  async #attempt<T>(attempt: Attempt<T>, signal: AbortSignal | undefined): Promise<Answer<T>> {
    try {
      return { value: await this.#timeout.execute(({ signal: ends }) => attempt(ends), signal) };
    } catch (error) {
      if (error instanceof PaymentDeclined) return { declined: error };
      throw failureOf(error, true);
    }
  }
}

/** Only the two kinds come out, whatever the provider or a policy throws. */
function failureOf(cause: unknown, attempted: boolean): PaymentDeclined | PaymentUnavailable {
  if (cause instanceof PaymentDeclined || cause instanceof PaymentUnavailable) return cause;
  if (cause instanceof BrokenCircuitError)
    return new PaymentUnavailable('circuit-open', 'the payment provider does not answer', {
      attempted,
      cause,
    });
  if (cause instanceof BulkheadRejectedError)
    return new PaymentUnavailable('overloaded', 'too many payments are under way', { attempted, cause });
  if (cause instanceof TaskCancelledError)
    return new PaymentUnavailable('time-out', 'the payment provider did not answer in time', {
      attempted,
      cause,
    });
  return new PaymentUnavailable('unexpected', 'the payment provider failed', { attempted, cause });
}
