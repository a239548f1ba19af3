import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('push:unsubscribe', {
  access: signedIn,
  async handle({ engine, session, request, by }) {
    return { removed: await engine.push.unsubscribe(session.userId, request.endpoint, by) };
  },
});
