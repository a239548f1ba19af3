import { instantOf } from '../../src/audit/instant.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('notifications:read', {
  access: signedIn,
  async handle({ engine, session, request, requestId }) {
    const { ids, until } = request;
    const which = { ids, until: until === undefined ? undefined : instantOf('until', until) };
    return engine.notifications.markRead(session.userId, which, { sessionId: session.id, requestId });
  },
});
