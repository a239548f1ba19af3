import type { Check, Finding } from './evidence.ts';

/**
 * C4: a hold and its booking are one thing: the booking has exactly the seats the hold had, all of them
 * active or none, there is no seat without a booking, and the lines add up to the total.
 */
export const checkAtomicity: Check = ({ ops, rest }) => {
  const findings: Finding[] = [];
  const say = (sentence: string, about: Finding['ops'] = []) =>
    findings.push({ check: 'C4', sentence, ops: about });
  for (const seat of rest.orphans) say(`seat ${seat} is booked without a booking`);
  const bookedOutcomes = new Set(
    rest.outcomes.filter((row) => row.outcome === 'booked').map((row) => row.holdId),
  );
  for (const booking of rest.bookings) {
    const { id, holdId, status, seats, active } = booking;
    const cancels = ops.filter((op) => op.f === 'cancel' && op.bookingId === id);
    const asked = new Set(cancels.flatMap((op) => op.seats));
    const kept = seats.filter((seat) => !asked.has(seat));
    if (seats.length === 0) say(`booking ${id} has no seats`);
    const isRight = status === 'confirmed' ? active.length > 0 : active.length === 0;
    if (!isRight) say(`booking ${id} is ${status}, and ${active.length} of ${seats.length} seats are active`);
    else if (!kept.every((seat) => active.includes(seat)))
      say(`booking ${id} has lost seats that nobody cancelled: it has ${active} of ${seats}`, cancels);
    if (booking.totalCents !== booking.linesCents)
      say(`booking ${id} costs ${booking.totalCents}, its lines ${booking.linesCents}`);
    if (!bookedOutcomes.delete(holdId)) say(`booking ${id} has no outcome that says "booked"`);
    const confirms = ops.filter((op) => op.f === 'confirm' && op.holdId === holdId);
    for (const op of confirms) {
      if (op.type === 'ok' && !same(op.value.seats ?? [], seats))
        say(`booking ${id} was told as seats ${op.value.seats}, and has ${seats}`, [op]);
      // The buyer knows the seats of a hold for sure: one client acts on a hold, one thing at a time.
      if (!same(op.seats, seats)) say(`hold ${holdId} had seats ${op.seats}, its booking has ${seats}`, [op]);
    }
  }
  for (const holdId of bookedOutcomes) say(`hold ${holdId} is stored as booked, without a booking`);
  for (const op of ops) {
    if (op.f !== 'hold' || op.type !== 'ok') continue;
    const has = new Set(op.value.seats);
    if (!op.seats.every((seat) => has.has(seat)))
      say(`seats ${op.seats} were asked for, and ${op.value.seats} held`, [op]);
  }
  return findings;
};

const same = (one: readonly number[], other: readonly number[]) =>
  one.length === other.length && new Set([...one, ...other]).size === one.length;
