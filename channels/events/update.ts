import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { eventView, findEvent, updateEvent } from '../../src/events/catalogue.ts';
import { closesAt } from '../../src/events/events.ts';
import { setRules } from '../../src/redis/scripts/set-rules.ts';

export default defineMessage('events:update', {
  access: organizers,
  async handle({ engine, session, request, requestId, fail }) {
    const { eventId, ...changes } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    if (event.status === 'cancelled') return fail('event-cancelled');
    const by = { userId: session.userId, sessionId: session.id, requestId };
    const updated = await updateEvent(engine.db, event, changes, by);
    engine.eventChanged(eventId);
    if (updated.status === 'published') {
      const card = await engine.events.card(eventId);
      if (card) await engine.inventory.run(setRules, eventId, { closesAt: closesAt(card) });
    }
    return eventView(updated);
  },
});
