import { defineMessage, organizers } from '../../src/channel.ts';
import { listWaitlist } from '../../src/database/waitlist-statements.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';
import { ownEvent } from '../../src/events/own-event.ts';
import { entriesOf } from '../../src/waitlist/entries.ts';

/** Orders below are of those that the organizer has put first. */
const promotedBelow = 1e14;

export default defineMessage('waitlist:list', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { eventId, state = 'waiting', limit = 50, cursor } = request;
    const card = await ownEvent(engine, session, eventId);
    // A draft has no map, and nobody waits for it.
    if (!card.isPublic) return { entries: [], length: 0, nextCursor: null };
    await engine.waitlist.recorder.settled(eventId);
    const [afterOrder = null, afterId = null] = readCursor(cursor, 'row', 'id');
    const rows = await engine.db.run(listWaitlist, eventId, state, afterOrder, afterId, limit + 1);
    const page = rows.slice(0, limit);
    const { entries, length, gathered } = await entriesOf(engine, card, page);
    const lines = page.flatMap((row, at) => {
      const entry = entries[at];
      const promoted = Number(row.queue_order) < promotedBelow;
      const { user_id: userId, name, email } = row;
      return entry ? [{ entry, userId, name, email, promoted, gathered: gathered[at] ?? 0 }] : [];
    });
    const last = page.at(-1);
    const more = rows.length > limit && last;
    return { entries: lines, length, nextCursor: more ? writeCursor(last.queue_order, last.id) : null };
  },
});
