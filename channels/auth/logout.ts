import { anySession, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:logout', {
  access: anySession,
  async handle({ engine, session, requestId }) {
    await engine.sessions.end(session, 'signed-out', requestId);
    return { revoked: true };
  },
});
