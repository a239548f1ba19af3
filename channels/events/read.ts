import { anyone, defineMessage, owns } from '../../src/channel.ts';
import { cachedEvent } from '../../src/events/cached-events.ts';
import { pickFields } from '../../src/events/event-view.ts';

export default defineMessage('events:read', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const event = await cachedEvent(engine, request.eventId);
    // What somebody else never published, or has deleted, is as good as none.
    const isPublic = event && event.publishedAt !== null && event.deletedAt === null;
    if (!event || (!isPublic && !owns(session, event.organizerId))) return fail('event-not-found');
    return pickFields(event, request.fields);
  },
});
