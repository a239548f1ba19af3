import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { eventView, findEvent, setStatus } from '../../src/events/catalogue.ts';

export default defineMessage('events:cancel', {
  access: organizers,
  async handle({ engine, session, request, fail }) {
    const event = await findEvent(engine.db, request.eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    // First in PostgreSQL: from here on no confirm succeeds, whatever Redis still shows.
    const cancelled = event.status === 'cancelled' ? event : await setStatus(engine.db, event, 'cancelled');
    engine.eventChanged(event.id);
    // Asked again, it does again what an attempt that was cut short may have left.
    if (event.publishedAt) {
      await engine.cancellations.cancelAll(event.id);
      const reason = request.reason ?? '';
      engine.publisher.toEvent(event.id, 'events:cancelled', { eventId: event.id, reason });
    }
    return eventView(cancelled);
  },
});
