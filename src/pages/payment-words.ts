/** What became of the money of a booking. */
import type { Booking } from '../contracts.gen.ts';
import { money } from './format.ts';

export interface PaymentWord {
  state: 'paid' | 'refunding' | 'refunded' | 'not-charged';
  text: string;
}

/** Nothing for a booking that was not paid through the hub. */
export function paymentWords({ payment, seats, currency }: Booking): PaymentWord[] {
  if (!payment) return [];
  const { state, amountCents, refundedCents } = payment;
  if (state === 'voiding' || state === 'voided') return [{ state: 'not-charged', text: 'Not charged' }];
  const given = seats.filter((line) => line.cancelledAt !== null);
  const dueCents = Math.min(
    amountCents,
    given.reduce((sum, line) => sum + line.priceCents, 0),
  );
  const words: PaymentWord[] = [{ state: 'paid', text: `Paid ${money(amountCents, currency)}` }];
  const waitingCents = dueCents - refundedCents;
  if (waitingCents > 0)
    words.push({ state: 'refunding', text: `${money(waitingCents, currency)} being refunded` });
  if (refundedCents > 0)
    words.push({ state: 'refunded', text: `Refunded ${money(refundedCents, currency)}` });
  return words;
}
