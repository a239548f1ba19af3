import { defineMessage, organizers } from '../../src/channel.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';

export default defineMessage('kiosks:list', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { limit = 50, cursor } = request;
    const [olderThan] = readCursor(cursor, 'id');
    const organizerId = session.role === 'admin' ? undefined : session.userId;
    const found = await engine.kiosks.list({ organizerId, olderThan, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ id }) => [id]);
    return { kiosks: page, nextCursor };
  },
});
