import { anyone, defineMessage } from '../../src/channel.ts';
import { cachedList } from '../../src/events/cached-events.ts';
import { eventView, listEvents } from '../../src/events/catalogue.ts';

export default defineMessage('events:list', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const { status, mine, limit = 50, cursor } = request;
    if (mine && !session) return fail('unauthenticated');
    // Drafts are listed for nobody but their organizer.
    if (status === 'draft' && !mine) return fail('forbidden');
    const read = async () => {
      const { events, nextCursor } = await listEvents(engine.db, {
        status: mine ? status : (status ?? 'published'),
        organizerId: mine ? session?.userId : undefined,
        limit,
        cursor,
      });
      return { events: events.map(eventView), nextCursor };
    };
    return mine ? read() : cachedList(engine, request, read);
  },
});
