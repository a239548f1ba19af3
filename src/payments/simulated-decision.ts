/** What the simulated provider does with a call: pure, so that it may be decided again. */
import { declineTexts } from './declines.ts';
import {
  type AuthoriseRequest,
  type DeclineCode,
  type Payment,
  PaymentDeclined,
  type RefundRequest,
} from './provider.ts';
import type { LedgerChange, LedgerPayment } from './simulated-ledger.ts';
import { type FaultyCall, type TestCard, testCard } from './test-cards.ts';

/** The state it leads to; undefined: there already. */
export type Decision = LedgerChange | undefined;

/** @throws PaymentDeclined */
export function decideAuthorise(payment: LedgerPayment, { method }: AuthoriseRequest): Decision {
  if (payment.state === 'authorised') return undefined;
  // While the first method is being decided on, another one has to wait; and without any there is nothing to do.
  if (payment.state === 'pending' && (payment.method !== undefined || method === undefined)) return undefined;
  if (payment.state !== 'created' && payment.state !== 'pending' && payment.state !== 'declined')
    throw wrongState(payment);
  const card = cardOf(method ?? payment.method ?? '');
  const next = { ...same(payment), ...(method === undefined ? {} : { method }) };
  if (card.decline) return { ...next, state: 'declined', declineCode: card.decline };
  const { settles } = card;
  if (settles) return { ...next, state: 'pending', settles, movedCents: payment.amountCents };
  return { ...next, state: 'authorised', movedCents: payment.amountCents };
}

/** @throws PaymentDeclined */
export function decideCapture(payment: LedgerPayment): Decision {
  if (payment.state === 'captured' || payment.state === 'refunded') return undefined;
  if (payment.state !== 'authorised') throw wrongState(payment);
  return { ...same(payment), state: 'captured', movedCents: payment.amountCents };
}

/** @throws PaymentDeclined */
export function decideVoid(payment: LedgerPayment): Decision {
  if (payment.state === 'voided') return undefined;
  if (payment.state === 'captured' || payment.state === 'refunded') throw wrongState(payment);
  const movedCents = payment.state === 'authorised' ? payment.amountCents : 0;
  return { ...same(payment), state: 'voided', movedCents };
}

/** @throws PaymentDeclined */
export function decideRefund(payment: LedgerPayment, { amountCents }: RefundRequest): Decision {
  if (payment.state === 'refunded') return undefined;
  if (payment.state !== 'captured') throw wrongState(payment);
  const left = payment.amountCents - payment.refundedCents;
  const asked = amountCents ?? left;
  if (!isCents(asked) || asked > left) throw declined('amount-invalid', payment);
  const state = asked === left ? 'refunded' : 'captured';
  return { ...same(payment), state, refundedCents: payment.refundedCents + asked, movedCents: asked };
}

export const isCents = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

/** The card of a method. */
export function cardOf(method: string): TestCard {
  const card = testCard(method);
  if (!card) throw declined('method-unknown');
  return card;
}

/** How the card disturbs this call, if it still does. */
export function faultOf(payment: LedgerPayment, call: FaultyCall, method = payment.method) {
  const fault = method === undefined ? undefined : testCard(method)?.fault;
  return fault?.call === call && payment.faults < fault.times ? fault : undefined;
}

/** The change that only counts a fault. */
export const faultCounted = (payment: LedgerPayment): LedgerChange => ({
  ...same(payment),
  ...(payment.declineCode ? { declineCode: payment.declineCode } : {}),
  faults: payment.faults + 1,
});

const same = ({ state, refundedCents, faults }: LedgerPayment): LedgerChange => ({
  state,
  refundedCents,
  faults,
  movedCents: 0,
});

export const declined = (code: DeclineCode, payment?: LedgerPayment): PaymentDeclined =>
  new PaymentDeclined(code, declineTexts[code], payment ? { payment: shown(payment) } : {});

export const wrongState = (payment: LedgerPayment): PaymentDeclined => declined('wrong-state', payment);

/** A payment of the ledger as the interface has it. */
export function shown(payment: LedgerPayment): Payment {
  const { id: paymentId, amountCents, currency, holdId, eventId, userId, refundedCents } = payment;
  const facts = { paymentId, amountCents, currency, reference: { holdId, eventId, userId } };
  const { state, declineCode = 'card-declined' } = payment;
  switch (state) {
    case 'created':
    case 'authorised':
    case 'voided':
      return { ...facts, state };
    case 'pending':
      return payment.method === undefined
        ? { ...facts, state, action: { kind: 'client-secret', clientSecret: `${paymentId}_simulated` } }
        : { ...facts, state };
    case 'declined':
      return { ...facts, state, code: declineCode, reason: declineTexts[declineCode] };
    case 'captured':
    case 'refunded':
      return { ...facts, state, refundedCents };
  }
}
