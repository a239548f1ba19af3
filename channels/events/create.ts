import { defineMessage, organizers } from '../../src/channel.ts';
import { insertEvent } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';

export default defineMessage('events:create', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    return eventView(await insertEvent(engine.db, session.userId, request, by));
  },
});
