import { defineMessage, organizers } from '../../src/channel.ts';
import { ownEvent } from '../../src/events/own-event.ts';
import { promoteEntry } from '../../src/redis/scripts/promote-entry.ts';
import { entryOf } from '../../src/waitlist/entries.ts';
import { actorText } from '../../src/waitlist/waitlist.ts';

export default defineMessage('waitlist:promote', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, entryId } = request;
    const card = await ownEvent(engine, session, eventId);
    const row = await engine.waitlist.find(entryId);
    if (row?.event_id !== eventId) return fail('waitlist-entry-not-found');
    const { answer } = await engine.inventory.run(
      promoteEntry,
      eventId,
      { entryId, actor: actorText(by) },
      by,
    );
    if (answer.status === 'closed') return fail('event-not-on-sale');
    if (answer.status === 'unknown-entry') return fail('waitlist-entry-not-found');
    const entry = await entryOf(engine, card, entryId);
    return entry ? { entry } : fail('waitlist-entry-not-found');
  },
});
