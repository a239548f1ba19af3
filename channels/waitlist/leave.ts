import { defineMessage, signedIn } from '../../src/channel.ts';
import { leaveWaitlist } from '../../src/redis/scripts/leave-waitlist.ts';
import { knownEvent } from '../../src/seats/holds.ts';
import { entryOf } from '../../src/waitlist/entries.ts';
import { actorText } from '../../src/waitlist/waitlist.ts';

export default defineMessage('waitlist:leave', {
  access: signedIn,
  async handle({ engine, session, request, requestId, fail }) {
    const { eventId, entryId } = request;
    const card = await knownEvent(engine, eventId);
    const by = { userId: session.userId, sessionId: session.id, requestId };
    const args = { owner: session.userId, entryId, actor: actorText(by) };
    const leave = () => engine.inventory.run(leaveWaitlist, eventId, args, by);
    const { answer } = await leave();
    if (answer.status === 'unknown-entry') {
      const row = await engine.waitlist.find(entryId);
      if (row?.user_id !== session.userId || row.event_id !== eventId)
        return fail('waitlist-entry-not-found');
      if (row.state !== 'waiting' && row.state !== 'left') return fail('waitlist-entry-not-found');
      // The node that made it has not put it into the queue yet.
      if (row.state === 'waiting') {
        await engine.waitlist.queue(card, row);
        await leave();
      }
    }
    const entry = await entryOf(engine, card, entryId);
    return entry ? { entry } : fail('waitlist-entry-not-found');
  },
});
