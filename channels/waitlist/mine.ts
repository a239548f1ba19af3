import { defineMessage, signedIn } from '../../src/channel.ts';
import { readEntries } from '../../src/database/waitlist-statements.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';
import { entriesOf } from '../../src/waitlist/entries.ts';
import { entryView } from '../../src/waitlist/entry-view.ts';

export default defineMessage('waitlist:mine', {
  access: signedIn,
  async handle({ engine, session, request, viewer }) {
    const { eventId = null, state, limit = 50, cursor } = request;
    const [olderThan = null] = readCursor(cursor, 'id');
    const states = state ? [state] : null;
    const rows = await engine.db.run(
      readEntries,
      null,
      session.userId,
      eventId,
      states,
      olderThan,
      limit + 1,
    );
    const page = rows.slice(0, limit);
    const shown = await Promise.all(
      [...Map.groupBy(page, (row) => row.event_id)].map(async ([id, ofEvent]) => {
        const card = await engine.events.agedCard(id);
        if (!card) return [];
        const isLive = ofEvent.some((row) => row.state === 'waiting' || row.state === 'offered');
        // What has ended need not be asked of Redis, which may have let go of the event long since.
        if (!isLive) return ofEvent.map((row) => entryView(card, row, undefined));
        return (await entriesOf(engine, card, ofEvent, viewer)).entries;
      }),
    );
    const entries = shown.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1));
    const last = page.at(-1);
    return {
      entries,
      now: Date.now(),
      nextCursor: rows.length > limit && last ? writeCursor(last.id) : null,
    };
  },
});
