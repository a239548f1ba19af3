/** Money that was taken belongs to a booking that stands, or was given back. */
export interface Payment {
  id: string;
  holdId: string;
  amountCents: number;
  status: 'authorized' | 'captured' | 'voided' | 'refunded' | 'failed';
}

export interface PaidBooking {
  holdId: string;
  status: string;
  totalCents: number;
}

/**
 * C12, when all is quiet: every charge belongs to a confirmed booking of the same amount, and was voided or
 * refunded where there is none (any more); no booking is charged twice, and none that costs something is free.
 * @returns a sentence for each contradiction
 */
export function checkPayments(payments: readonly Payment[], bookings: readonly PaidBooking[]): string[] {
  const sentences: string[] = [];
  const standing = new Map(
    bookings.filter(({ status }) => status === 'confirmed').map((booking) => [booking.holdId, booking]),
  );
  const taken = Map.groupBy(
    payments.filter(({ status }) => status === 'captured' || status === 'authorized'),
    (payment) => payment.holdId,
  );
  for (const [holdId, charges] of taken) {
    const booking = standing.get(holdId);
    const ids = charges.map(({ id }) => id).join(', ');
    if (!booking) sentences.push(`hold ${holdId} has no standing booking, and ${ids} was not given back`);
    else if (charges.length > 1) sentences.push(`hold ${holdId} was charged ${charges.length} times: ${ids}`);
    else if (charges[0]?.status === 'authorized')
      sentences.push(`hold ${holdId} is booked, and ${ids} never captured`);
    else if (charges[0]?.amountCents !== booking.totalCents)
      sentences.push(
        `hold ${holdId} costs ${booking.totalCents}, and ${ids} took ${charges[0]?.amountCents}`,
      );
  }
  for (const { holdId, totalCents } of standing.values()) {
    if (totalCents > 0 && !taken.has(holdId)) sentences.push(`hold ${holdId} is booked, and nobody paid`);
  }
  return sentences;
}
