import { defineMessage, signedIn } from '../../src/channel.ts';
import { readEntries } from '../../src/database/waitlist-statements.ts';
import { knownEvent } from '../../src/seats/holds.ts';
import { entriesOf } from '../../src/waitlist/entries.ts';

export default defineMessage('waitlist:position', {
  access: signedIn,
  async handle({ engine, session, request, viewer }) {
    const card = await knownEvent(engine, request.eventId);
    await engine.waitlist.recorder.settled(card.id);
    const live = ['waiting' as const, 'offered' as const];
    const rows = await engine.db.run(readEntries, null, session.userId, card.id, live, null, 100);
    const { entries, length } = await entriesOf(engine, card, rows, viewer);
    return { entries, length, now: Date.now() };
  },
});
