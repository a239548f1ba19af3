import { defineMessage, screens } from '../../src/channel.ts';

export default defineMessage('kiosk:unwatch', {
  access: screens,
  async handle({ viewer }) {
    viewer?.askBoard();
    viewer?.unwatchBoard();
    return { left: true };
  },
});
