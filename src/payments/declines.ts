import type { DeclineCode } from './provider.ts';

/**
 * What a buyer is told. A lost or stolen card is told as any other refusal: whoever holds it should not
 * learn that it was noticed.
 */
export const declineTexts: Readonly<Record<DeclineCode, string>> = {
  'card-declined': 'The card was declined. Try another one.',
  'insufficient-funds': 'There is not enough money on the card. Try another one.',
  'card-expired': 'The card has expired. Try another one.',
  'card-details-wrong': 'The number, date or code of the card is wrong.',
  'card-lost-or-stolen': 'The card was declined. Try another one.',
  'authentication-failed': 'The bank could not make sure that it is you. Try again or with another card.',
  'authorisation-expired': 'The bank holds the amount no longer. Pay again.',
  'capture-refused': 'The bank refused to pay the amount it had set aside.',
  'refund-refused': 'The refund was refused.',
  'amount-invalid': 'This amount cannot be paid or refunded.',
  'method-unknown': 'This way to pay is not known.',
  'payment-not-found': 'There is no such payment.',
  'wrong-state': 'The payment is not in the right state for this.',
  'key-reused': 'This idempotency key was used for another call.',
  'request-refused': 'The payment provider refused the request.',
};
