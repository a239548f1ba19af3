import { defineMessage, organizers } from '../../src/channel.ts';

export default defineMessage('webhooks:create', {
  access: organizers,
  async handle({ engine, session, request, requestId }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    return engine.webhooks.create(session.userId, request, by);
  },
});
