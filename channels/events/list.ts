import { anyone, defineMessage } from '../../src/channel.ts';
import { cachedList } from '../../src/events/cached-events.ts';
import { listEvents } from '../../src/events/event-lists.ts';
import { eventView, pickFields } from '../../src/events/event-view.ts';

export default defineMessage('events:list', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const { mine, deleted, fields, status, limit = 50, ...filter } = request;
    if ((mine || deleted) && !session) return fail('unauthenticated');
    // Drafts, and what was deleted, are listed for nobody but their organizer.
    if ((status === 'draft' || deleted) && !mine) return fail('forbidden');
    const read = async () => {
      const { events, nextCursor } = await listEvents(engine.db, {
        ...filter,
        status: mine ? status : (status ?? 'published'),
        draftsOf: mine ? session?.userId : undefined,
        onlyDeleted: deleted ?? false,
        limit,
      });
      return { events: events.map((event) => pickFields(eventView(event), fields)), nextCursor };
    };
    // A booking is no change of the event, so what depends on its seats is read each time.
    const isKept = !mine && filter.hasFreeSeats === undefined;
    return isKept ? cachedList(engine, request, read) : read();
  },
});
