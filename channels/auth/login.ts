import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:login', {
  access: anyone,
  async handle({ engine, request, requestId, address }) {
    return engine.accounts.login(request.email, request.password, address, requestId);
  },
});
