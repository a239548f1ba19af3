import { admins, defineMessage } from '../../src/channel.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';
import { findSagas } from '../../src/payments/saga-desk.ts';

export default defineMessage('sagas:list', {
  access: admins,
  async handle({ engine, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [olderThan] = readCursor(cursor, 'hold');
    const sagas = await findSagas(engine.db, { ...filter, olderThan, limit: limit + 1 });
    const page = sagas.slice(0, limit);
    const last = page.at(-1);
    return { sagas: page, nextCursor: sagas.length > limit && last ? writeCursor(last.holdId) : null };
  },
});
