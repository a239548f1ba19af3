import { defineMessage, organizers } from '../../src/channel.ts';

export default defineMessage('kiosks:pair', {
  access: organizers,
  async handle({ engine, session, request, requestId, address }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    return { kiosk: await engine.kiosks.pair(request.code, request.name, address, by) };
  },
});
