import { defineMessage, organizers } from '../../src/channel.ts';

export default defineMessage('webhooks:create', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    return engine.webhooks.create(session.userId, request, by);
  },
});
