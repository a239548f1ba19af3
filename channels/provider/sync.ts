import { admins, defineMessage } from '../../src/channel.ts';

export default defineMessage('provider:sync', {
  access: admins,
  async handle({ engine, session, requestId }) {
    await engine.providerFeed.ask({ userId: session.userId, sessionId: session.id, requestId });
    return { queued: true as const };
  },
});
