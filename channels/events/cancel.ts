import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { cancelEvent } from '../../src/database/statements.ts';
import { eventView, findEvent } from '../../src/events/catalogue.ts';

/** Whoever cancels waits so long for the bookings; the rest follows, with progress (`events:unwound`). */
const waitMs = 3000;

export default defineMessage('events:cancel', {
  access: organizers,
  async handle({ engine, session, request, requestId, fail }) {
    const { eventId, reason = '' } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    const by = { userId: session.userId, sessionId: session.id, requestId, reason };
    // First in PostgreSQL: from here on no confirm succeeds, whatever Redis still shows. What follows is in
    // the outbox, so that it is done whatever happens to this node.
    const [follows] = await engine.db.run(cancelEvent, eventId, by.userId, by.sessionId, requestId, reason);
    engine.eventChanged(eventId);
    if (event.publishedAt) {
      engine.publisher.toEvent(eventId, 'events:cancelled', { eventId, reason });
      const isDone = await engine.cancellations.unwind(eventId, by, waitMs).catch((error) => {
        engine.log.warn({ err: error, eventId }, 'cancelled; its bookings follow');
        return false;
      });
      if (isDone && follows?.outbox_id) engine.outbox.done(follows.outbox_id);
    }
    const cancelled = await findEvent(engine.db, eventId);
    return eventView(cancelled ?? event);
  },
});
