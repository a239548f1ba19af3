import { defineMessage, signedIn } from '../../src/channel.ts';
import { knownEvent } from '../../src/seats/holds.ts';

export default defineMessage('bookings:confirm', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const { eventId, holdId } = request;
    const card = await knownEvent(engine, eventId);
    return { booking: await engine.confirms.confirm(card, session.userId, holdId) };
  },
});
