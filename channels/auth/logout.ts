import { anySession, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:logout', {
  access: anySession,
  async handle({ engine, session, requestId }) {
    const isKiosk = session.role === 'kiosk' && (await engine.kiosks.signOut(session, requestId));
    if (!isKiosk) await engine.sessions.end(session, 'signed-out', requestId);
    return { revoked: true };
  },
});
