import { anyone, defineMessage, owns } from '../../src/channel.ts';
import { cachedEvent } from '../../src/events/cached-events.ts';

export default defineMessage('events:read', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const event = await cachedEvent(engine, request.eventId);
    // What somebody else never published is as good as none.
    if (!event || (event.publishedAt === null && !owns(session, event.organizerId))) {
      return fail('event-not-found');
    }
    return event;
  },
});
