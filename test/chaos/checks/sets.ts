import { bookingsByHold, type Check, type Finding } from './evidence.ts';

/**
 * C1: whoever was told "booked" has a booking, whoever was told "no" or that it is given up has none, and one hold
 * has one answer, however often and wherever it was asked. What nobody was told may be either.
 */
export const checkSets: Check = ({ ops, rest }) => {
  const findings: Finding[] = [];
  const stored = bookingsByHold(rest);
  const confirms = Map.groupBy(
    ops.filter((op) => op.f === 'confirm'),
    (op) => op.holdId,
  );
  for (const [holdId, asked] of confirms) {
    const yes = asked.filter((op) => op.type === 'ok');
    const no = asked.filter((op) => op.type === 'fail');
    const booking = stored.get(holdId);
    const say = (sentence: string, about = asked) => findings.push({ check: 'C1', sentence, ops: about });
    if (yes.length > 0 && !booking) say(`hold ${holdId} was booked, and there is no booking: lost`, yes);
    if (no.length > 0 && booking) say(`hold ${holdId} was refused, and there is a booking: a phantom`);
    if (yes.length > 0 && no.length > 0) say(`hold ${holdId} was answered both yes and no`);
    const ids = new Set(yes.map((op) => op.value.bookings?.[0]?.id));
    if (ids.size > 1) say(`hold ${holdId} was answered with ${ids.size} different bookings`, yes);
    const id = yes[0]?.value.bookings?.[0]?.id;
    if (id && booking && booking.id !== id) say(`hold ${holdId} was told ${id}, and has ${booking.id}`, yes);
  }
  const holds = Map.groupBy(rest.bookings, (booking) => booking.holdId);
  for (const [holdId, bookings] of holds) {
    if (bookings.length === 1) continue;
    findings.push({ check: 'C1', sentence: `hold ${holdId} has ${bookings.length} bookings`, ops: [] });
  }
  for (const op of ops) {
    const isGivenUp = op.f === 'release' && op.type === 'ok' && op.value.holdId === undefined;
    if (!isGivenUp || !stored.has(op.holdId)) continue;
    findings.push({
      check: 'C1',
      sentence: `hold ${op.holdId} was given up, and there is a booking`,
      ops: [op],
    });
  }
  const byId = new Map(rest.bookings.map((booking) => [booking.id, booking]));
  for (const op of ops) {
    if (op.f !== 'cancel' || op.type !== 'ok') continue;
    const left = byId.get(op.bookingId)?.active.filter((seat) => op.seats.includes(seat)) ?? [];
    if (left.length === 0) continue;
    const sentence = `seats ${left} of booking ${op.bookingId} were cancelled, and are not`;
    findings.push({ check: 'C1', sentence, ops: [op] });
  }
  return findings;
};
