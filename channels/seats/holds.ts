import { defineMessage, signedIn } from '../../src/channel.ts';
import { holdsOf, knownEvent } from '../../src/seats/holds.ts';

export default defineMessage('seats:holds', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const { id } = await knownEvent(engine, request.eventId);
    return { holds: await holdsOf(engine, id, session.userId), now: Date.now() };
  },
});
