import { admins, defineMessage } from '../../src/channel.ts';
import { knownEvents } from '../../src/provider/provider-desk.ts';

export default defineMessage('provider:events', {
  access: admins,
  handle: ({ engine, request }) => knownEvents(engine.db, request),
});
