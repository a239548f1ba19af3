import { admins, defineMessage } from '../../src/channel.ts';

export default defineMessage('provider:sync', {
  access: admins,
  async handle({ engine, by }) {
    await engine.providerFeed.ask(by);
    return { queued: true as const };
  },
});
