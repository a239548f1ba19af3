import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('webhooks:delete', {
  access: organizers,
  async handle({ engine, session, request, requestId }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    await engine.webhooks.delete(request.webhookId, (userId) => owns(session, userId), by);
    return { deleted: true };
  },
});
