import { updateMe } from '../../src/accounts/profile.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('me:update', {
  access: signedIn,
  async handle({ engine, request, by }) {
    return updateMe(engine.db, request, by);
  },
});
