import { defineMessage, signedIn } from '../../src/channel.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';

export default defineMessage('bookings:list', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [after] = readCursor(cursor, 'id');
    const bookings = await engine.bookings.list(session.userId, { ...filter, after, limit: limit + 1 });
    const { page, nextCursor } = pageOf(bookings, limit, ({ id }) => [id]);
    return { bookings: page, nextCursor };
  },
});
