import { defineMessage, screens } from '../../src/channel.ts';

export default defineMessage('kiosk:unwatch', {
  access: screens,
  async handle({ viewer }) {
    viewer?.unwatchBoard();
    return { left: true };
  },
});
