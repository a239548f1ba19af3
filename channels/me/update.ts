import { updateMe } from '../../src/accounts/profile.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('me:update', {
  access: signedIn,
  async handle({ engine, session, request, requestId }) {
    return updateMe(engine.db, request, { userId: session.userId, sessionId: session.id, requestId });
  },
});
