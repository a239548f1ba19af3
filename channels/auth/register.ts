import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:register', {
  access: anyone,
  async handle({ engine, request, requestId, address }) {
    const { email, password, name } = request;
    return engine.accounts.register({ email, password, name }, address, requestId);
  },
});
