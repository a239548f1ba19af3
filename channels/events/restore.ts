import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findEvent } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';
import { restoreEvent } from '../../src/events/removals.ts';

export default defineMessage('events:restore', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    const restored = await restoreEvent(engine.db, eventId, session.role === 'admin', by);
    engine.eventChanged(eventId);
    return eventView(restored);
  },
});
