import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { eventView, findEvent, setStatus } from '../../src/events/catalogue.ts';

export default defineMessage('events:publish', {
  access: organizers,
  async handle({ engine, session, request, requestId, fail }) {
    const event = await findEvent(engine.db, request.eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    if (event.status === 'published') return eventView(event);
    if (event.status === 'cancelled') return fail('event-cancelled');
    if (event.startsAt.getTime() <= Date.now()) return fail('event-started');
    const by = { userId: session.userId, sessionId: session.id, requestId };
    const published = await setStatus(engine.db, event, 'published', by);
    engine.eventChanged(event.id);
    return eventView(published);
  },
});
