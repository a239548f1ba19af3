import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:refresh', {
  access: anyone,
  async handle({ engine, request }) {
    return engine.sessions.renew(request.refreshToken);
  },
});
