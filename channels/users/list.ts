import { findAccounts } from '../../src/accounts/user-desk.ts';
import { admins, defineMessage } from '../../src/channel.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';

export default defineMessage('users:list', {
  access: admins,
  async handle({ engine, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [olderThan] = readCursor(cursor, 'id');
    const found = await findAccounts(engine.db, { ...filter, olderThan, limit: limit + 1 });
    const { page, nextCursor } = pageOf(found, limit, ({ id }) => [id]);
    return { users: page, nextCursor };
  },
});
