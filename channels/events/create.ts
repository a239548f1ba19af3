import { defineMessage, organizers } from '../../src/channel.ts';
import { eventView, insertEvent } from '../../src/events/catalogue.ts';

export default defineMessage('events:create', {
  access: organizers,
  async handle({ engine, session, request, requestId }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    return eventView(await insertEvent(engine.db, session.userId, request, by));
  },
});
