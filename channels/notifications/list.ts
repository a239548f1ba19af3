import { defineMessage, signedIn } from '../../src/channel.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';

export default defineMessage('notifications:list', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const { unread: onlyUnread = false, limit = 50, cursor } = request;
    const [after] = readCursor(cursor, 'id');
    const [found, unread] = await Promise.all([
      engine.notifications.list(session.userId, { onlyUnread, after, limit: limit + 1 }),
      engine.notifications.unread(session.userId),
    ]);
    const notifications = found.slice(0, limit);
    const last = notifications.at(-1);
    const nextCursor = found.length > limit && last ? writeCursor(last.id) : null;
    return { notifications, unread, nextCursor };
  },
});
