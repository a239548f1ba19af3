import { defineMessage, owns, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:cancel', {
  access: signedIn,
  async handle({ engine, session, request, fail }) {
    const found = await engine.bookings.find(request.bookingId);
    const card = found && (await engine.events.card(found.booking.eventId));
    if (!found || !card) return fail('booking-not-found');
    const runsTheEvent = owns(session, card.organizerId);
    // Somebody else's booking is as good as none.
    if (found.userId !== session.userId && !runsTheEvent) return fail('booking-not-found');
    const isOver = found.booking.status === 'confirmed' && card.startsAt <= Date.now();
    if (isOver && !runsTheEvent) return fail('event-started');
    return { booking: await engine.cancellations.cancel(request.bookingId) };
  },
});
