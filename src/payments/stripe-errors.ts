/** Stripe's errors as the two kinds the hub knows. */
import Stripe from 'stripe';
import { declineTexts } from './declines.ts';
import { type DeclineCode, PaymentDeclined, PaymentUnavailable, type UnavailableReason } from './provider.ts';

export type StripeError = Stripe.errors.StripeError;
export const isStripeError = (error: unknown): error is StripeError =>
  error instanceof Stripe.errors.StripeError;

/** Stripe's decline codes and error codes that make a difference here; the others are `card-declined`. */
const bankReasons: Readonly<Record<string, DeclineCode>> = {
  insufficient_funds: 'insufficient-funds',
  expired_card: 'card-expired',
  incorrect_cvc: 'card-details-wrong',
  invalid_cvc: 'card-details-wrong',
  incorrect_number: 'card-details-wrong',
  invalid_number: 'card-details-wrong',
  invalid_expiry_month: 'card-details-wrong',
  invalid_expiry_year: 'card-details-wrong',
  lost_card: 'card-lost-or-stolen',
  stolen_card: 'card-lost-or-stolen',
  pickup_card: 'card-lost-or-stolen',
  authentication_required: 'authentication-failed',
  payment_intent_authentication_failure: 'authentication-failed',
};
const requestReasons: Readonly<Record<string, DeclineCode>> = {
  amount_too_small: 'amount-invalid',
  amount_too_large: 'amount-invalid',
  parameter_invalid_integer: 'amount-invalid',
  charge_expired_for_capture: 'authorisation-expired',
  capture_charge_authorization_expired: 'authorisation-expired',
  payment_intent_unexpected_state: 'wrong-state',
  charge_already_refunded: 'wrong-state',
};

/** Why the bank said no, from what a payment or an error tells. */
export function bankReason({ code, decline_code }: { code?: string; decline_code?: string }): DeclineCode {
  return bankReasons[decline_code ?? ''] ?? bankReasons[code ?? ''] ?? 'card-declined';
}

const declined = (code: DeclineCode, cause: unknown) =>
  new PaymentDeclined(code, declineTexts[code], { cause });
const unavailable = (reason: UnavailableReason, cause: StripeError) =>
  new PaymentUnavailable(reason, `Stripe: ${cause.message}`, { cause });

/** What failed, as one of the two kinds. */
export function paymentError(error: unknown): PaymentDeclined | PaymentUnavailable {
  if (error instanceof PaymentDeclined || error instanceof PaymentUnavailable) return error;
  if (!isStripeError(error))
    return new PaymentUnavailable('unexpected', 'the call to Stripe failed', { cause: error });
  if (error instanceof Stripe.errors.StripeConnectionError)
    return unavailable(isTimeout(error) ? 'time-out' : 'network', error);
  if (error instanceof Stripe.errors.StripeRateLimitError) return unavailable('rate-limited', error);
  if (
    error instanceof Stripe.errors.StripeAuthenticationError ||
    error instanceof Stripe.errors.StripePermissionError
  )
    return unavailable('credentials', error);
  if (error instanceof Stripe.errors.StripeIdempotencyError) return declined('key-reused', error);
  if (error instanceof Stripe.errors.StripeCardError) return declined(bankReason(error), error);
  if (error instanceof Stripe.errors.StripeInvalidRequestError) return declined(requestReason(error), error);
  // What is left are answers nobody could read, and those of Stripe about itself: 409 and 5xx.
  return unavailable(error.statusCode === 409 ? 'in-progress' : 'provider-error', error);
}

function requestReason({ code, param }: StripeError): DeclineCode {
  if (code === 'resource_missing') return param === 'payment_method' ? 'method-unknown' : 'payment-not-found';
  if (code && requestReasons[code]) return requestReasons[code];
  return param === 'amount' || param === 'currency' ? 'amount-invalid' : 'request-refused';
}

const isTimeout = ({ detail }: StripeError): boolean =>
  detail instanceof Error && 'code' in detail && detail.code === 'ETIMEDOUT';

/** Whether Stripe answered out of its memory of the key, without doing anything. */
export const isReplay = (headers: Record<string, string> | undefined): boolean =>
  headers?.['idempotent-replayed'] === 'true';

/**
 * Whether a remembered failure says nothing about now: Stripe keeps even a 500 for as long as the key, and
 * a state that was wrong then may be right by now.
 */
export const isStale = (error: unknown): boolean =>
  isStripeError(error) &&
  isReplay(error.headers) &&
  ((error.statusCode ?? 0) >= 500 || error.code === 'payment_intent_unexpected_state');
