import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('calendar:end', {
  access: signedIn,
  async handle({ engine, session, by }) {
    await engine.calendarFeeds.end(session.userId, by);
    return { ended: true };
  },
});
