import { changeAccount } from '../../src/accounts/user-desk.ts';
import { admins, defineMessage } from '../../src/channel.ts';

export default defineMessage('users:update', {
  access: admins,
  async handle({ engine, request, by }) {
    const { userId, ...changes } = request;
    return changeAccount(engine, userId, changes, by);
  },
});
