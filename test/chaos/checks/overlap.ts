import type { Op } from '../history.ts';
import type { BookingFact, Check, Finding } from './evidence.ts';

/** Clocks are read inside a statement, a moment before it is committed. */
const readingMs = 100;

/**
 * C2: at no time two bookings of a seat: not by what buyers were told (from the answer "booked" to asking
 * for the cancellation it was certainly theirs), not by what PostgreSQL has written down.
 */
export const checkOverlap: Check = ({ ops, rest }) => {
  const findings: Finding[] = [];
  const intervals = [...told(ops), ...written(rest.bookings)];
  for (const [seat, all] of Map.groupBy(intervals, (each) => each.seat)) {
    for (const source of [true, false]) {
      const sorted = all.filter((each) => (each.op !== undefined) === source).sort((a, b) => a.from - b.from);
      for (let i = 1; i < sorted.length; i++) {
        const [before, after] = [sorted[i - 1], sorted[i]];
        if (!before || !after || before.bookingId === after.bookingId || before.till <= after.from) continue;
        const sentence = `seat ${seat} belonged to ${before.bookingId} and ${after.bookingId} at once: sold twice`;
        findings.push({ check: 'C2', sentence, seat, ops: [before.op, after.op].filter((op) => !!op) });
      }
    }
  }
  return findings;
};

interface Interval {
  seat: number;
  bookingId: string;
  from: number;
  till: number;
  op?: Op;
}

function told(ops: readonly Op[]): Interval[] {
  const cancelledAt = new Map<string, number>();
  for (const { f, bookingId, seats, invokedAt } of ops) {
    if (f !== 'cancel') continue;
    for (const seat of seats) {
      const key = `${bookingId} ${seat}`;
      cancelledAt.set(key, Math.min(invokedAt, cancelledAt.get(key) ?? invokedAt));
    }
  }
  const known = new Set<string>();
  return ops.flatMap((op) => {
    const bookingId = op.value.bookings?.[0]?.id;
    if (op.f !== 'confirm' || op.type !== 'ok' || !bookingId || known.has(bookingId)) return [];
    known.add(bookingId);
    return (op.value.seats ?? []).flatMap((seat) => {
      const till = cancelledAt.get(`${bookingId} ${seat}`) ?? Number.POSITIVE_INFINITY;
      return till <= op.endedAt ? [] : [{ seat, bookingId, from: op.endedAt, till, op }];
    });
  });
}

function written(bookings: readonly BookingFact[]): Interval[] {
  return bookings.flatMap(({ id, seats, createdAt, cancelledAt }) =>
    seats.map((seat) => {
      const till = (cancelledAt.get(seat) ?? Number.POSITIVE_INFINITY) - readingMs;
      return { seat, bookingId: id, from: createdAt, till };
    }),
  );
}
