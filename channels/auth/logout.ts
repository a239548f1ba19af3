import { anySession, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:logout', {
  access: anySession,
  async handle({ engine, session, requestId }) {
    await engine.accounts.revoke(session);
    engine.endSession(session.id);
    const by = { userId: session.userId, sessionId: session.id, requestId };
    const row = { at: Date.now(), action: 'session-revoked', eventId: null, by, seats: [], details: {} };
    engine.audit.note(row);
    return { revoked: true };
  },
});
