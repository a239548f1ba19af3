import { defineMessage, organizers } from '../../src/channel.ts';

export default defineMessage('kiosks:pair', {
  access: organizers,
  async handle({ engine, request, address, by }) {
    return { kiosk: await engine.kiosks.pair(request.code, request.name, address, by) };
  },
});
