import { defineMessage, signedIn } from '../../src/channel.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';

export default defineMessage('bookings:list', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [after] = readCursor(cursor, 'id');
    const bookings = await engine.bookings.list(session.userId, { ...filter, after, limit: limit + 1 });
    const page = bookings.slice(0, limit);
    const last = page.at(-1);
    return { bookings: page, nextCursor: bookings.length > limit && last ? writeCursor(last.id) : null };
  },
});
