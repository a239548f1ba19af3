import { anyone, defineMessage } from '../../src/channel.ts';
import { upcomingEvents } from '../../src/events/event-lists.ts';
import { eventView, pickFields } from '../../src/events/event-view.ts';

export default defineMessage('events:upcoming', {
  access: anyone,
  async handle({ engine, request }) {
    const { limit = 10, fields } = request;
    const events = await upcomingEvents(engine.db, limit);
    return { events: events.map((event) => pickFields(eventView(event), fields)) };
  },
});
