import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('kiosks:begin', {
  access: anyone,
  async handle({ engine, address }) {
    return engine.kiosks.begin(address);
  },
});
