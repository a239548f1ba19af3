import { findAccount } from '../../src/accounts/user-desk.ts';
import { admins, defineMessage } from '../../src/channel.ts';

export default defineMessage('users:read', {
  access: admins,
  async handle({ engine, request }) {
    return findAccount(engine.db, request.userId);
  },
});
