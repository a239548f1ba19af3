import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('calendar:renew', {
  access: signedIn,
  async handle({ engine, session, requestId }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    return engine.calendarFeeds.renew(session.userId, by);
  },
});
