import { expect, test } from 'vitest';
import { checkPayments, type PaidBooking, type Payment } from './payments.ts';

const payment = (holdId: string, status: Payment['status'], amountCents = 2500): Payment => ({
  id: `payment-${holdId}-${status}`,
  holdId,
  amountCents,
  status,
});
const booking = (holdId: string, status = 'confirmed'): PaidBooking => ({ holdId, status, totalCents: 2500 });

test('C12: a charge for every booking, and none for what was refused, cancelled or failed', () => {
  const payments = [
    payment('h1', 'captured'),
    payment('h2', 'voided'),
    payment('h3', 'refunded'),
    payment('h4', 'failed'),
  ];
  expect(checkPayments(payments, [booking('h1'), booking('h3', 'cancelled')])).toEqual([]);
});

test('C12: money without a booking', () => {
  expect(checkPayments([payment('h1', 'captured')], [])).toHaveLength(1);
  expect(checkPayments([payment('h1', 'authorized')], [])).toHaveLength(1);
  expect(checkPayments([payment('h1', 'captured')], [booking('h1', 'cancelled')])).toHaveLength(1);
});

test('C12: charged twice, too little, only authorized, or not at all', () => {
  expect(
    checkPayments([payment('h1', 'captured'), payment('h1', 'authorized')], [booking('h1')]),
  ).toHaveLength(1);
  expect(checkPayments([payment('h1', 'captured', 100)], [booking('h1')])).toHaveLength(1);
  expect(checkPayments([payment('h1', 'authorized')], [booking('h1')])).toHaveLength(1);
  expect(checkPayments([payment('h1', 'voided')], [booking('h1')])).toEqual([
    'hold h1 is booked, and nobody paid',
  ]);
});
