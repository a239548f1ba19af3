/** What follows in a saga from how the provider says that its payment is. */
import type { PaymentProgress } from '../contracts.gen.ts';
import type { SagaStepRow } from '../database/statements.ts';
import type { BuyerAction, CapturedPayment, Payment, RefundedPayment } from './provider.ts';
import type { SagaTimings } from './saga-timings.ts';

/** How a step ended. */
export type StepEnd =
  | {
      end: 'done';
      /** undefined: as it was. */
      state?: PaymentProgress;
      paymentId?: string;
      /** What went wrong, for people. undefined: as it was. */
      reason?: string;
      next?: { kind: SagaStepRow['kind']; cents?: number; inMs?: number };
      /** What was given back by now, in all. */
      refundedCents?: number;
      action?: BuyerAction | undefined;
    }
  /** Nothing has changed; it is looked at again. Not a failure. */
  | { end: 'wait'; inMs: number; action?: BuyerAction | undefined }
  /** inMs null: not before somebody has looked at it. */
  | { end: 'failed'; inMs: number | null; reason: string; attempts: number };

/** What follows from how the payment is. */
export function follow(payment: Payment, step: SagaStepRow, payingMs: number, timings: SagaTimings): StepEnd {
  const { paymentId } = payment;
  switch (payment.state) {
    case 'created':
      return { end: 'done', state: 'started', paymentId, next: { kind: 'authorise' } };
    case 'pending': {
      if (step.step_age_ms > payingMs + timings.undecidedMs) {
        const reason = 'Nobody decided about the payment in time.';
        return { end: 'done', state: 'voiding', paymentId, reason, next: { kind: 'void' } };
      }
      const { action } = payment;
      const inMs = timings.lookEveryMs;
      if (step.state === 'pending') return { end: 'wait', inMs, action };
      return { end: 'done', state: 'pending', paymentId, next: { kind: 'authorise', inMs }, action };
    }
    case 'authorised': {
      // Whoever waits for a notice is not there to confirm, and nobody may wait until the hold runs out.
      const leftMs = step.state === 'pending' ? 0 : Math.max(0, payingMs - step.age_ms - marginMs);
      const inMs = Math.min(timings.bookAfterMs, leftMs);
      return { end: 'done', state: 'authorised', paymentId, next: { kind: 'book', inMs } };
    }
    case 'declined': {
      const { reason } = payment;
      return { end: 'done', state: 'declined', paymentId, reason, ...laterVoid(step, payingMs, timings) };
    }
    case 'voided':
      return { end: 'done', state: 'voided', paymentId, reason: 'The provider let go of the payment.' };
    case 'captured':
    case 'refunded':
      return takenTooSoon(payment);
    default:
      return payment satisfies never;
  }
}

/** Kept for the way to the booking. */
const marginMs = 1000;

/**
 * Buyers may try again with the provider itself, without us. So a declined payment is let go of once it would
 * be too late for its seats, and no money can come after that.
 */
export function laterVoid(step: SagaStepRow, payingMs: number, { undecidedMs }: SagaTimings) {
  return { next: { kind: 'void', inMs: undecidedMs + Math.max(0, payingMs - step.age_ms) } } as const;
}

/** The money was taken although nothing is sold for it, by hand or by a call whose end nobody saw: it goes back. */
export function takenTooSoon(payment: CapturedPayment | RefundedPayment): StepEnd {
  const { paymentId, refundedCents } = payment;
  const end = { end: 'done', paymentId, refundedCents, reason: 'The money had been taken already.' } as const;
  if (payment.state === 'refunded') return { ...end, state: 'refunded' };
  return { ...end, state: 'refunding', next: { kind: 'refund' } };
}
