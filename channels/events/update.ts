import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findEvent, updateEvent } from '../../src/events/catalogue.ts';
import { eventView } from '../../src/events/event-view.ts';
import { followChange } from '../../src/events/follow-change.ts';
import { updateFollowing } from '../../src/events/series.ts';

export default defineMessage('events:update', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, scope = 'one', ...changes } = request;
    const event = await findEvent(engine.db, eventId);
    if (!event || event.deletedAt || !owns(session, event.organizerId)) return fail('event-not-found');
    if (scope === 'one') {
      const updated = await updateEvent(engine.db, eventId, changes, by);
      await followChange(engine, eventId);
      return eventView(updated);
    }
    const all = await updateFollowing(engine.db, event, changes, by);
    await Promise.all(all.map(({ id }) => followChange(engine, id)));
    return eventView(all.find(({ id }) => id === eventId) ?? event);
  },
});
