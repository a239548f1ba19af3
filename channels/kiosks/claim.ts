import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('kiosks:claim', {
  access: anyone,
  async handle({ engine, request }) {
    return engine.kiosks.claim(request.pairingId, request.secret);
  },
});
