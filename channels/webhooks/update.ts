import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('webhooks:update', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    return engine.webhooks.update(request, (userId) => owns(session, userId), by);
  },
});
