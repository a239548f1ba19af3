import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findEvent } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';
import { deleteEvents } from '../../src/events/removals.ts';
import { followingOf } from '../../src/events/series.ts';

export default defineMessage('events:delete', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, scope = 'one' } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || !owns(session, event.organizerId)) return fail('event-not-found');
    const following =
      scope === 'following'
        ? await followingOf(engine.db.em(), event, 'draft', 'published', 'cancelled', 'completed')
        : [];
    const ids = new Set([eventId, ...following.map(({ id }) => id)]);
    const [deleted = event] = await deleteEvents(engine.db, [...ids], by);
    for (const id of ids) engine.eventChanged(id);
    return eventView(deleted);
  },
});
