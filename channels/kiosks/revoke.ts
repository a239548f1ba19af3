import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('kiosks:revoke', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    await engine.kiosks.revoke(request.kioskId, (organizerId) => owns(session, organizerId), by);
    return { revoked: true };
  },
});
