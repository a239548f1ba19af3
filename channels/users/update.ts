import { changeAccount } from '../../src/accounts/user-desk.ts';
import { admins, defineMessage } from '../../src/channel.ts';

export default defineMessage('users:update', {
  access: admins,
  async handle({ engine, session, request, requestId }) {
    const { userId, ...changes } = request;
    const by = { userId: session.userId, sessionId: session.id, requestId };
    return changeAccount(engine, userId, changes, by);
  },
});
