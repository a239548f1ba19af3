import { anySession, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:logout', {
  access: anySession,
  async handle({ engine, session }) {
    await engine.accounts.revoke(session);
    engine.endSession(session.id);
    return { revoked: true };
  },
});
