import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('me:change-password', {
  access: signedIn,
  async handle({ engine, session, request, requestId }) {
    const { oldPassword, newPassword } = request;
    const endedSessions = await engine.accounts.changePassword(session, oldPassword, newPassword, requestId);
    return { endedSessions };
  },
});
