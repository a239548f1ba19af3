import type { Op } from '../history.ts';
import type { Check, Evidence, Finding } from './evidence.ts';

/**
 * C5: what was answered is so from then on. A seat that was sold before a hold was asked for cannot be held
 * (unless a cancellation was asked for, or the map is of a later epoch: a Redis that lost its memory);
 * whoever lists their bookings sees at least those they were told of before.
 */
export const checkRealTime: Check = (evidence) => [...holdsOfSold(evidence), ...lists(evidence)];

function holdsOfSold({ ops, excuse }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const sales = ops.filter((op) => op.f === 'confirm' && op.type === 'ok');
  const cancels = ops.filter((op) => op.f === 'cancel');
  const seenFirst = new Map<string, number>();
  for (const { f, type, value, endedAt } of ops) {
    if (f !== 'hold' || type !== 'ok' || !value.epoch) continue;
    seenFirst.set(value.epoch, Math.min(endedAt, seenFirst.get(value.epoch) ?? endedAt));
  }
  for (const hold of ops) {
    if (hold.f !== 'hold' || hold.type !== 'ok') continue;
    const asked = ops.find((op) => op.requestId === hold.requestId && op.proc === hold.proc) ?? hold;
    for (const sale of sales) {
      if (sale.endedAt >= asked.invokedAt) continue;
      const seat = hold.seats.find((each) => sale.value.seats?.includes(each));
      if (seat === undefined || excuse.salesOnly) continue;
      const bookingId = sale.value.bookings?.[0]?.id;
      const cancel = cancels.find(
        (op) => op.bookingId === bookingId && op.seats.includes(seat) && op.invokedAt < hold.endedAt,
      );
      const sameEpoch = (seenFirst.get(hold.value.epoch ?? '') ?? 0) < sale.endedAt;
      if (cancel || !sameEpoch) continue;
      const sentence = `seat ${seat} was held after it had been sold, in the same epoch`;
      findings.push({ check: 'C5', sentence, seat, ops: [sale, hold] });
    }
  }
  return findings;
}

function lists({ ops }: Evidence): Finding[] {
  const findings: Finding[] = [];
  for (const list of ops) {
    if (list.f !== 'list' || list.type !== 'ok') continue;
    const found = new Map(list.value.bookings?.map((booking) => [booking.id, booking.status]));
    const mine = ops.filter((op) => op.proc === list.proc && op.type === 'ok' && op.endedAt < list.invokedAt);
    const miss = (op: Op, what: string) =>
      findings.push({ check: 'C5', sentence: `a list of bookings ${what}`, ops: [op, list] });
    for (const op of mine) {
      const id = op.value.bookings?.[0]?.id ?? '';
      if (op.f === 'confirm' && !found.has(id)) miss(op, `misses ${id}, which was booked before`);
      const isOver = op.value.bookings?.[0]?.status === 'cancelled';
      if (op.f === 'cancel' && isOver && found.get(op.bookingId) === 'confirmed')
        miss(op, `has ${op.bookingId} as confirmed, which was cancelled before`);
    }
  }
  return findings;
}
