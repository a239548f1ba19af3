import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { cancelEvent } from '../../src/database/statements.ts';
import { findEvent } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';
import { followingOf } from '../../src/events/series.ts';

/** Whoever cancels waits so long for the bookings; the rest follows, with progress (`events:unwound`). */
const waitMs = 3000;

export default defineMessage('events:cancel', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, reason = '', scope = 'one' } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || event.deletedAt || !owns(session, event.organizerId)) return fail('event-not-found');
    if (event.status === 'completed') return fail('event-completed');
    const all =
      scope === 'following'
        ? await followingOf(engine.db.em(), event, 'draft', 'published', 'cancelled')
        : [event];
    const follows = new Map<string, string>();
    for (const { id, publishedAt } of all) {
      // First in PostgreSQL: from here on no confirm succeeds, whatever Redis still shows. What follows is in
      // the outbox, so that it is done whatever happens to this node.
      const [row] = await engine.db.run(cancelEvent, id, by.userId, by.sessionId, by.requestId, reason);
      if (row?.status === 'completed') {
        if (id === eventId) return fail('event-completed');
        continue;
      }
      engine.eventChanged(id);
      if (publishedAt) engine.publisher.toEvent(id, 'events:cancelled', { eventId: id, reason });
      follows.set(id, row?.outbox_id ?? '');
    }
    const until = Date.now() + waitMs;
    for (const { id, publishedAt } of all) {
      const outboxId = follows.get(id);
      if (!publishedAt || outboxId === undefined) continue;
      const leftMs = until - Date.now();
      if (leftMs <= 0) break;
      const isDone = await engine.cancellations.unwind(id, { ...by, reason }, leftMs).catch((error) => {
        engine.log.warn({ err: error, eventId: id }, 'cancelled; its bookings follow');
        return false;
      });
      if (isDone && outboxId) engine.outbox.done(outboxId);
    }
    const cancelled = await findEvent(engine.db, eventId);
    return eventView(cancelled ?? event);
  },
});
