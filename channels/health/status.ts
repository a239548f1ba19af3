import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('health:status', {
  access: anyone,
  handle: ({ engine }) => engine.health.status(),
});
