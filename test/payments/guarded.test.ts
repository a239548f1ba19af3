import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Guard, type GuardEvent, GuardedProvider } from '../../src/payments/guarded.ts';
import {
  type AuthorisedPayment,
  PaymentDeclined,
  type PaymentProvider,
  PaymentUnavailable,
  type UnavailableReason,
} from '../../src/payments/provider.ts';
import { key, noOutcome, order, refusal } from './provider-contract.ts';

const authorised: AuthorisedPayment = {
  paymentId: 'p1',
  amountCents: 4500,
  currency: 'EUR',
  reference: { holdId: 'h', eventId: 'e', userId: 'u' },
  state: 'authorised',
};
const request = () => ({ idempotencyKey: key(), paymentId: 'p1' });
const fails = (reason: UnavailableReason) => () => Promise.reject(new PaymentUnavailable(reason, reason));

type Step = (signal: AbortSignal | undefined) => Promise<AuthorisedPayment>;

/** A provider whose authorisations end as told, one after the other, and well when nothing is told. */
class Scripted implements PaymentProvider {
  readonly name = 'scripted';
  readonly keys: string[] = [];
  readonly script: Step[] = [];

  authorise({ idempotencyKey }: { idempotencyKey: string }, signal?: AbortSignal) {
    this.keys.push(idempotencyKey);
    return (this.script.shift() ?? (async () => authorised))(signal);
  }

  start = async () => authorised;
  capture = () => Promise.reject(new PaymentDeclined('capture-refused', 'no'));
  void = () => Promise.reject(new TypeError('a bug'));
  refund = fails('network') as PaymentProvider['refund'];
  find = async () => undefined;
}

let inner: Scripted;
let events: GuardEvent[];
beforeEach(() => {
  inner = new Scripted();
  events = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const guarded = (guard: Partial<Guard> = {}) =>
  new GuardedProvider(inner, { pauseMs: 1, maxPauseMs: 2, ...guard }, (event) => events.push(event));
const circuitEvents = () => events.flatMap((event) => (event.kind === 'circuit' ? [event.state] : []));
const callEvents = () => events.flatMap((event) => (event.kind === 'call' ? [event] : []));

/** Steps that wait until they are let go. */
function held(count: number): { letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  for (let i = 0; i < count; i++)
    inner.script.push(async () => {
      await gate.promise;
      return authorised;
    });
  return { letGo: gate.resolve };
}

describe('retries', () => {
  test('what has no outcome is asked again under the same key', async () => {
    inner.script.push(fails('network'), fails('provider-error'));
    const asked = request();
    expect(await guarded().authorise(asked)).toBe(authorised);
    expect(inner.keys).toEqual(Array(3).fill(asked.idempotencyKey));
    const reasons = events.flatMap((event) => (event.kind === 'retry' ? [event.reason] : []));
    expect(reasons).toEqual(['network', 'provider-error']);
    expect(callEvents()).toMatchObject([{ call: 'authorise', outcome: 'authorised', attempts: 3 }]);
  });

  test('end, with the last reason', async () => {
    inner.script.push(fails('network'), fails('network'), fails('rate-limited'));
    const { reason, attempted } = await noOutcome(guarded().authorise(request()));
    expect([reason, attempted, inner.keys.length]).toEqual(['rate-limited', true, 3]);
  });

  test('are not for a "no"', async () => {
    expect((await refusal(guarded().capture(request()))).code).toBe('capture-refused');
    expect(callEvents()).toMatchObject([{ call: 'capture', outcome: 'capture-refused', attempts: 1 }]);
  });

  test('are not for credentials that are not accepted', async () => {
    inner.script.push(fails('credentials'));
    await noOutcome(guarded().authorise(request()));
    expect(inner.keys).toHaveLength(1);
  });
});

describe('time-outs', () => {
  test('an attempt that takes too long is told to stop, and asked again', async () => {
    const stopped = Promise.withResolvers<void>();
    inner.script.push((signal) => {
      signal?.addEventListener('abort', () => stopped.resolve());
      return new Promise<never>(() => undefined);
    });
    expect(await guarded({ attemptMs: 20 }).authorise(request())).toBe(authorised);
    await stopped.promise;
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry', reason: 'time-out' }));
  });

  test('a caller who gives up is answered at once', async () => {
    inner.script.push(() => new Promise<never>(() => undefined));
    const caller = new AbortController();
    const call = guarded({ attemptMs: 600_000 }).authorise(request(), caller.signal);
    await turn();
    caller.abort();
    expect((await noOutcome(call)).reason).toBe('time-out');
    expect(inner.keys).toHaveLength(1);
  });
});

describe('the circuit', () => {
  const guard: Partial<Guard> = { retries: 0, sample: 10, sampleAtLeast: 4, openMs: 10_000 };
  let provider: GuardedProvider;

  beforeEach(() => {
    // The circuit reads the clock and sets no timer, so time is what the test says.
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    provider = guarded(guard);
  });

  async function open(): Promise<void> {
    inner.script.push(...Array(4).fill(fails('provider-error')));
    for (let i = 0; i < 4; i++) await noOutcome(provider.authorise(request()));
    expect([provider.circuit, provider.available]).toEqual(['open', false]);
    inner.keys.length = 0;
  }

  test('opens when most of the last attempts failed, and then answers without asking', async () => {
    await open();
    const { reason, attempted } = await noOutcome(provider.authorise(request()));
    expect([reason, attempted]).toEqual(['circuit-open', false]);
    expect((await noOutcome(provider.start(order()))).reason).toBe('circuit-open');
    expect(inner.keys).toEqual([]);
    expect(circuitEvents()).toEqual(['open']);
  });

  test('stays closed while at least half of the attempts have an outcome', async () => {
    for (let i = 0; i < 20; i++) {
      if (i % 2) inner.script.push(fails('provider-error'));
      await provider.authorise(request()).catch(() => undefined);
    }
    expect(provider.circuit).toBe('closed');
  });

  test('counts a "no" as an outcome', async () => {
    for (let i = 0; i < 20; i++) {
      if (i % 2) inner.script.push(fails('provider-error'));
      await (i % 2 ? provider.authorise(request()) : provider.capture(request())).catch(() => undefined);
    }
    expect(provider.circuit).toBe('closed');
  });

  test('does not count a key that is in use', async () => {
    inner.script.push(...Array(8).fill(fails('in-progress')));
    for (let i = 0; i < 8; i++) await noOutcome(provider.authorise(request()));
    expect(provider.circuit).toBe('closed');
  });

  test('lets one call try after a while, and closes when it goes well', async () => {
    await open();
    vi.setSystemTime(1_009_999);
    expect(provider.available).toBe(false);
    vi.setSystemTime(1_010_000);
    expect(provider.available).toBe(true);

    const { letGo } = held(1);
    const probe = provider.authorise(request());
    const waits = provider.authorise(request());
    await turn();
    expect(provider.circuit).toBe('half-open');
    expect(inner.keys).toHaveLength(1);
    letGo();
    expect(await probe).toBe(authorised);
    expect(await waits).toBe(authorised);
    expect([provider.circuit, provider.available]).toEqual(['closed', true]);
    expect(circuitEvents()).toEqual(['open', 'half-open', 'closed']);
  });

  test('opens again when the call that tries fails, for as long as before', async () => {
    await open();
    vi.setSystemTime(1_010_000);
    inner.script.push(fails('time-out'));
    expect((await noOutcome(provider.authorise(request()))).reason).toBe('time-out');
    expect([provider.circuit, provider.available]).toEqual(['open', false]);
    vi.setSystemTime(1_020_000);
    expect(await provider.authorise(request())).toBe(authorised);
    expect(circuitEvents()).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  test('that opens during the retries ends them, and says that the call was made', async () => {
    provider = guarded({ ...guard, retries: 10 });
    inner.script.push(...Array(10).fill(fails('network')));
    const { reason, attempted } = await noOutcome(provider.authorise(request()));
    expect([reason, attempted, inner.keys.length]).toEqual(['circuit-open', true, 4]);
  });
});

describe('the bulkhead', () => {
  test('bounds the calls under way and those that wait, and refuses the rest', async () => {
    const provider = guarded({ concurrent: 2, queued: 1 });
    const { letGo } = held(3);
    const running = [0, 1, 2].map(() => provider.authorise(request()));
    await turn();
    expect(inner.keys).toHaveLength(2);
    expect(provider.available).toBe(false);
    const { reason, attempted } = await noOutcome(provider.authorise(request()));
    expect([reason, attempted]).toEqual(['overloaded', false]);
    letGo();
    expect(await Promise.all(running)).toEqual([authorised, authorised, authorised]);
    expect(inner.keys).toHaveLength(3);
    expect(provider.available).toBe(true);
  });
});

test('whatever else a provider throws is a call without an outcome', async () => {
  const failed = await noOutcome(guarded({ retries: 0 }).void(request()));
  expect([failed.reason, (failed.cause as Error).message]).toEqual(['unexpected', 'a bug']);
});

test('a payment that nobody knows is an answer', async () => {
  expect(await guarded().find('p2')).toBeUndefined();
  expect(callEvents()).toMatchObject([{ call: 'find', outcome: 'missing' }]);
});
