import { defineMessage, owns, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:cancel', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { bookingId, seats, reason = '' } = request;
    const found = await engine.bookings.find(bookingId);
    const card = found && (await engine.events.card(found.booking.eventId));
    if (!found || !card) return fail('booking-not-found');
    const runsTheEvent = owns(session, card.organizerId);
    // Somebody else's booking is as good as none.
    if (found.userId !== session.userId && !runsTheEvent) return fail('booking-not-found');
    const theirs = found.booking.seats.map((line) => line.seat);
    const unknown = (seats ?? []).filter((seat) => !theirs.includes(seat));
    if (unknown.length > 0) {
      const count = theirs.length;
      return fail('seats-unknown', { seats: unknown, count }, 'The booking has no such seat.');
    }
    if (found.booking.status === 'confirmed' && !runsTheEvent) {
      const until = card.startsAt - card.rules.cancelBeforeMs;
      if (card.startsAt <= Date.now()) return fail('event-started');
      if (until <= Date.now()) return fail('cancel-too-late', { until });
    }
    return { booking: await engine.cancellations.cancel(bookingId, seats, { ...by, reason }) };
  },
});
