import { admins, defineMessage } from '../../src/channel.ts';
import { providerStatus } from '../../src/provider/provider-desk.ts';

export default defineMessage('provider:status', {
  access: admins,
  handle: ({ engine, request }) => providerStatus(engine.providerFeed, engine.db, request.limit ?? 20),
});
