import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('health:info', {
  access: anyone,
  handle: async ({ engine }) => engine.health.info(),
});
