import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('push:key', {
  access: anyone,
  async handle({ engine }) {
    return { publicKey: engine.push.publicKey ?? null };
  },
});
