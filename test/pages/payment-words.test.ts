import { expect, test } from 'vitest';
import type { Booking, BookingPayment } from '../../src/contracts.gen.ts';
import { paymentWords } from '../../src/pages/payment-words.ts';
import { bookingOf } from './hub-stand-in.ts';

const paid = (state: BookingPayment['state'], refundedCents: number, cancelled: number[]): Booking => ({
  ...bookingOf('b', [1, 2], cancelled),
  payment: { state, amountCents: 2000, refundedCents },
});
const textsOf = (booking: Booking) => paymentWords(booking).map(({ text }) => text);

test('nothing is said of a booking that was not paid through the hub', () => {
  expect(textsOf(bookingOf('b', [1, 2]))).toEqual([]);
});

test.each([
  ['booked, not yet captured', paid('booked', 0, []), ['Paid €20.00']],
  ['captured', paid('captured', 0, []), ['Paid €20.00']],
  [
    'one seat given back before the money was taken',
    paid('booked', 0, [1]),
    ['Paid €20.00', '€10.00 being refunded'],
  ],
  ['one seat given back', paid('refunding', 0, [1]), ['Paid €20.00', '€10.00 being refunded']],
  ['one seat refunded', paid('captured', 1000, [1]), ['Paid €20.00', 'Refunded €10.00']],
  [
    'one seat refunded, the other on its way',
    paid('refunding', 1000, [1, 2]),
    ['Paid €20.00', '€10.00 being refunded', 'Refunded €10.00'],
  ],
  ['all refunded', paid('refunded', 2000, [1, 2]), ['Paid €20.00', 'Refunded €20.00']],
  ['let go of before it was taken', paid('voided', 0, [1, 2]), ['Not charged']],
])('%s', (_, booking, texts) => {
  expect(textsOf(booking)).toEqual(texts);
});
