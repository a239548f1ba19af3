/**
 * What each step of a payment does and what follows it. A step is a row that was written before it is taken,
 * and it is taken under an idempotency key of its own: whoever finds it, as often as it takes, the provider
 * does it once.
 *
 *     start ──> authorise ──> book ──> capture ──> (refund)
 *                   │           └────> void         when the seats are somebody else's
 *                   └ declined, or void             when the bank or the buyer never decides
 */
import type { Confirms } from '../bookings/confirms.ts';
import type { PaymentProgress } from '../contracts.gen.ts';
import type { SagaStepRow } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import type { EventCard, Events } from '../events/events.ts';
import { holdSeats } from '../redis/scripts/hold-seats.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import type { Inventory } from '../seats/inventory.ts';
import {
  type BuyerAction,
  type Payment,
  PaymentDeclined,
  type PaymentProvider,
  type RefundedPayment,
} from './provider.ts';

/** How a step ended. */
export type StepEnd =
  | {
      end: 'done';
      /** undefined: as it was. */
      state?: PaymentProgress;
      paymentId?: string;
      reason?: string;
      next?: { kind: SagaStepRow['kind']; cents?: number; inMs?: number };
      refundedCents?: number;
      action?: BuyerAction | undefined;
    }
  /** Nothing has changed; it is looked at again. Not a failure. */
  | { end: 'wait'; inMs: number; reason: string; action?: BuyerAction | undefined };

/** A buyer who has just paid is there to confirm; only if they are gone the hub books for them. */
const bookAfterMs = 5000;
/** Webhooks are quicker; this is for those that never come. */
const lookEveryMs = 10_000;
/** Payments that nobody decides are let go of when the time to pay is long over. */
const undecidedMs = 300_000;

export interface StepParts {
  provider: PaymentProvider;
  events: Events;
  inventory: Inventory;
  confirms: Confirms;
}

/** Takes a step. Throws what the provider throws, and `RequestError` when it can be tried again. */
export function takeStep(parts: StepParts, step: SagaStepRow): Promise<StepEnd> {
  switch (step.kind) {
    case 'start':
      return start(parts, step);
    case 'authorise':
      return authorise(parts, step);
    case 'book':
      return book(parts, step);
    case 'capture':
      return capture(parts, step);
    case 'void':
      return letGo(parts, step);
    case 'refund':
      return refund(parts, step);
    default:
      return step.kind satisfies never;
  }
}

const keyOf = (step: SagaStepRow, part: string | number = step.attempt): string =>
  `${step.hold_id}:${step.kind}:${part}`;

async function start({ provider, events }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const payment = await provider.start({
    idempotencyKey: keyOf(step),
    amountCents: step.amount_cents,
    currency: step.currency,
    reference: { holdId: step.hold_id, eventId: step.event_id, userId: step.user_id },
    ...(step.method ? { method: step.method } : {}),
  });
  return follow(payment, step, await payingMs(events, step));
}

/** A payment that waits is asked how it is; any other is asked of the bank. */
async function authorise({ provider, events }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id ?? '';
  const limitMs = await payingMs(events, step);
  if (step.state === 'pending') {
    const payment = await provider.find(paymentId);
    if (!payment) return { end: 'done', state: 'declined', reason: 'The provider has no such payment.' };
    return follow(payment, step, limitMs);
  }
  const payment = await provider.authorise({
    idempotencyKey: keyOf(step),
    paymentId,
    ...(step.method ? { method: step.method } : {}),
  });
  return follow(payment, step, limitMs);
}

async function payingMs(events: Events, step: SagaStepRow): Promise<number> {
  return (await events.card(step.event_id))?.rules.payingMs ?? 0;
}

/** What follows from how the payment is. */
function follow(payment: Payment, step: SagaStepRow, payingMs: number): StepEnd {
  const { paymentId } = payment;
  switch (payment.state) {
    case 'created':
      return { end: 'done', state: 'started', paymentId, next: { kind: 'authorise' } };
    case 'pending': {
      if (step.age_ms > payingMs + undecidedMs) {
        const reason = 'Nobody decided about the payment in time.';
        return { end: 'done', state: 'voiding', paymentId, reason, next: { kind: 'void' } };
      }
      const { action } = payment;
      if (step.state === 'pending') return { end: 'wait', inMs: lookEveryMs, reason: '', action };
      const next = { kind: 'authorise', inMs: lookEveryMs } as const;
      return { end: 'done', state: 'pending', paymentId, next, action };
    }
    case 'authorised': {
      const inMs = step.state === 'pending' ? 0 : bookAfterMs;
      return { end: 'done', state: 'authorised', paymentId, next: { kind: 'book', inMs } };
    }
    case 'declined':
      return { end: 'done', state: 'declined', paymentId, reason: payment.reason };
    case 'voided':
      return { end: 'done', state: 'voided', paymentId };
    case 'captured':
    case 'refunded':
      throw new PaymentDeclined(
        'wrong-state',
        `The payment is ${payment.state} before its seats are booked.`,
      );
    default:
      return payment satisfies never;
  }
}

/**
 * The buyer has paid and has not come for the seats, or the money came late. If the hold is gone and nobody
 * was told "no", the same seats are held again under its name, if they are free.
 */
async function book({ events, inventory, confirms }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const { hold_id: holdId, user_id: userId } = step;
  const card = await events.card(step.event_id);
  if (!card) throw new RequestError('try-later');
  try {
    const stored = await confirms.stored(card, userId, holdId);
    if (!stored) {
      await holdAgain(inventory, card, step);
      await confirms.confirm(card, { userId, sessionId: null, requestId: null }, holdId);
    }
    // The statement that booked has ended this step and written the next.
    return { end: 'done' };
  } catch (error) {
    if (!(error instanceof RequestError) || !isRefusal(error)) throw error;
    return { end: 'done', state: 'voiding', reason: error.message, next: { kind: 'void' } };
  }
}

async function holdAgain(inventory: Inventory, card: EventCard, step: SagaStepRow): Promise<void> {
  const { hold_id: holdId, user_id: owner, seats } = step;
  const { answer } = await inventory.run(readHold, card.id, { holdId });
  if (answer.status === 'hold') return;
  const requestId = `again-${holdId}`;
  await inventory.run(holdSeats, card.id, {
    owner,
    requestId,
    fingerprint: requestId,
    holdId,
    into: undefined,
    seats,
  });
}

const isRefusal = ({ code }: RequestError): boolean =>
  code === 'hold-not-found' ||
  code === 'seats-taken' ||
  code === 'event-not-on-sale' ||
  code === 'payment-required';

async function capture({ provider }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id ?? '';
  const payment = await provider.capture({ idempotencyKey: keyOf(step, step.attempts), paymentId });
  return { end: 'done', state: payment.state };
}

async function letGo({ provider }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id;
  if (!paymentId) return { end: 'done', state: 'voided' };
  try {
    await provider.void({ idempotencyKey: keyOf(step, step.attempts), paymentId });
    return { end: 'done', state: 'voided' };
  } catch (error) {
    // It was taken after all: then it goes back.
    if (!(error instanceof PaymentDeclined) || error.payment?.state !== 'captured') throw error;
    const next = { kind: 'refund', cents: step.amount_cents } as const;
    return { end: 'done', state: 'refunding', reason: 'It had been captured.', next };
  }
}

/** The key is the step's: a booking may be refunded in parts. */
async function refund({ provider }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id ?? '';
  const amountCents = step.step_cents;
  const idempotencyKey = keyOf(step, step.id);
  const payment = await provider.refund({ idempotencyKey, paymentId, amountCents });
  return { end: 'done', state: refundState(payment), refundedCents: amountCents };
}

const refundState = (payment: { state: 'captured' } | RefundedPayment): PaymentProgress => payment.state;
