import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('webhooks:delete', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    await engine.webhooks.delete(request.webhookId, (userId) => owns(session, userId), by);
    return { deleted: true };
  },
});
