import { defineMessage, signedIn } from '../../src/channel.ts';
import { knownEvent } from '../../src/seats/holds.ts';

export default defineMessage('bookings:confirm', {
  access: signedIn,
  async handle({ engine, session, request, by }) {
    const { eventId, holdId } = request;
    const card = await knownEvent(engine, eventId);
    // Told before the hold is marked as being booked: whoever has not paid keeps it as it is.
    if (card.rules.payment === 'online') await engine.sagas.checkPaid(card, session.userId, holdId);
    return { booking: await engine.confirms.confirm(card, by, holdId) };
  },
});
