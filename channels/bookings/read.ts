import { defineMessage, owns, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:read', {
  access: signedIn,
  async handle({ engine, session, request, fail }) {
    const found = await engine.bookings.find(request.bookingId);
    if (!found) return fail('booking-not-found');
    if (found.userId !== session.userId) {
      const card = await engine.events.card(found.booking.eventId);
      // Somebody else's booking is as good as none.
      if (!card || !owns(session, card.organizerId)) return fail('booking-not-found');
    }
    return { booking: found.booking };
  },
});
