import { defineMessage, signedIn } from '../../src/channel.ts';
import { knownEvent } from '../../src/seats/holds.ts';
import { entryOf } from '../../src/waitlist/entries.ts';

export default defineMessage('waitlist:leave', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, entryId } = request;
    const card = await knownEvent(engine, eventId);
    if (!(await engine.waitlist.leave(card, entryId, session.userId, by)))
      return fail('waitlist-entry-not-found');
    const entry = await entryOf(engine, card, entryId);
    return entry ? { entry } : fail('waitlist-entry-not-found');
  },
});
