import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findEvent, setStatus } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';
import { followingOf } from '../../src/events/series.ts';

export default defineMessage('events:publish', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, scope = 'one' } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || event.deletedAt || !owns(session, event.organizerId)) return fail('event-not-found');
    const all =
      scope === 'following' ? await followingOf(engine.db.em(), event, 'draft', 'published') : [event];
    if (event.status === 'cancelled') return fail('event-cancelled');
    if (event.status === 'completed') return fail('event-completed');
    let published = event;
    for (const each of all) {
      if (each.status === 'published') continue;
      if (each.startsAt.getTime() <= Date.now()) return fail('event-started');
      const now = await setStatus(engine.db, each, 'published', by);
      engine.eventChanged(each.id);
      if (each.id === eventId) published = now;
    }
    return eventView(published);
  },
});
