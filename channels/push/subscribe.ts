import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('push:subscribe', {
  access: signedIn,
  async handle({ engine, session, request, by }) {
    return { subscriptionId: await engine.push.subscribe(session, request, by) };
  },
});
