import { readMe } from '../../src/accounts/profile.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('me:read', {
  access: signedIn,
  async handle({ engine, session }) {
    return readMe(engine.db, session.userId);
  },
});
