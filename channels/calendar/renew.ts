import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('calendar:renew', {
  access: signedIn,
  async handle({ engine, session, by }) {
    return engine.calendarFeeds.renew(session.userId, by);
  },
});
