import { defineMessage, organizers } from '../../src/channel.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';

export default defineMessage('webhooks:list', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { limit = 50, cursor } = request;
    const [olderThan] = readCursor(cursor, 'id');
    const userId = session.role === 'admin' ? undefined : session.userId;
    const found = await engine.webhooks.list({ userId, olderThan, limit: limit + 1 });
    const webhooks = found.slice(0, limit);
    const last = webhooks.at(-1);
    return { webhooks, nextCursor: found.length > limit && last ? writeCursor(last.id) : null };
  },
});
