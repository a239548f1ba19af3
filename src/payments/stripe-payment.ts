/** Stripe's PaymentIntents and events, as the hub has payments and notices. */
import type Stripe from 'stripe';
import { declineTexts } from './declines.ts';
import {
  type BuyerAction,
  type Payment,
  type PaymentNotice,
  type PaymentReference,
  type PaymentState,
  PaymentUnavailable,
} from './provider.ts';
import { bankReason } from './stripe-errors.ts';

/** How the reference is kept with Stripe. Types alone would not hold: metadata is open. */
export const metadataOf = ({ holdId, eventId, userId }: PaymentReference) => ({ holdId, eventId, userId });

/** @param intent with its `latest_charge` expanded */
export function paymentOf(intent: Stripe.PaymentIntent): Payment {
  const { holdId = '', eventId = '', userId = '' } = intent.metadata;
  const facts = {
    paymentId: intent.id,
    amountCents: intent.amount,
    currency: intent.currency.toUpperCase(),
    reference: { holdId, eventId, userId },
  };
  const failure = intent.last_payment_error;
  switch (intent.status) {
    case 'requires_confirmation':
      return { ...facts, state: 'created' };
    case 'requires_payment_method': {
      // After a declined attempt Stripe takes the method away again.
      if (!failure) return { ...facts, state: 'pending', ...actionOf(intent) };
      const code = bankReason(failure);
      return { ...facts, state: 'declined', code, reason: declineTexts[code] };
    }
    case 'requires_action':
      return { ...facts, state: 'pending', ...actionOf(intent) };
    case 'processing':
      return { ...facts, state: 'pending' };
    case 'requires_capture':
      return { ...facts, state: 'authorised' };
    case 'canceled':
      return { ...facts, state: 'voided' };
    case 'succeeded': {
      const refundedCents = refundedOf(intent);
      return {
        ...facts,
        state: refundedCents >= intent.amount_received ? 'refunded' : 'captured',
        refundedCents,
      };
    }
    default:
      throw new PaymentUnavailable('unexpected', `Stripe has a payment with status ${intent.status}`);
  }
}

function actionOf({ next_action, client_secret }: Stripe.PaymentIntent): { action?: BuyerAction } {
  const url = next_action?.redirect_to_url?.url;
  if (url) return { action: { kind: 'redirect', url } };
  return client_secret ? { action: { kind: 'client-secret', clientSecret: client_secret } } : {};
}

function refundedOf({ latest_charge: charge }: Stripe.PaymentIntent): number {
  if (charge && typeof charge !== 'string') return charge.amount_refunded;
  throw new PaymentUnavailable('unexpected', 'Stripe told nothing of the charge of a payment');
}

/** The notice an event stands for. undefined: it is about something else, or about a payment not of ours. */
export function noticeOf(event: Stripe.Event): PaymentNotice | undefined {
  if (event.type === 'charge.refunded') {
    const { payment_intent: intent, metadata, refunded } = event.data.object;
    const paymentId = typeof intent === 'string' ? intent : intent?.id;
    return notice(paymentId, metadata['holdId'], refunded ? 'refunded' : 'captured');
  }
  const state = intentEvents[event.type];
  if (!state) return undefined;
  const { id, metadata } = event.data.object as Stripe.PaymentIntent;
  return notice(id, metadata['holdId'], state);
}

const intentEvents: Readonly<Record<string, PaymentState>> = {
  'payment_intent.processing': 'pending',
  'payment_intent.requires_action': 'pending',
  'payment_intent.amount_capturable_updated': 'authorised',
  'payment_intent.payment_failed': 'declined',
  'payment_intent.succeeded': 'captured',
  'payment_intent.canceled': 'voided',
};

const notice = (
  paymentId: string | undefined,
  holdId: string | undefined,
  state: PaymentState,
): PaymentNotice | undefined => (paymentId && holdId ? { paymentId, holdId, state } : undefined);
