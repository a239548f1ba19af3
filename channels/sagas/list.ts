import { admins, defineMessage } from '../../src/channel.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';
import { findSagas } from '../../src/payments/saga-desk.ts';

export default defineMessage('sagas:list', {
  access: admins,
  async handle({ engine, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [olderThan] = readCursor(cursor, 'hold');
    const sagas = await findSagas(engine.db, { ...filter, olderThan, limit: limit + 1 });
    const { page, nextCursor } = pageOf(sagas, limit, ({ holdId }) => [holdId]);
    return { sagas: page, nextCursor };
  },
});
