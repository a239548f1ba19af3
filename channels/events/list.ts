import { anyone, defineMessage } from '../../src/channel.ts';
import type { Event } from '../../src/contracts.gen.ts';
import { cachedList } from '../../src/events/cached-events.ts';
import { listEvents } from '../../src/events/event-lists.ts';
import { eventView, pickFields } from '../../src/events/event-view.ts';

/**
 * What makes a list that hardly anybody else asks for; and a booking is no change of the event, so what depends on its
 * seats is read each time.
 */
const notKept = ['cursor', 'q', 'tags', 'priceMin', 'priceMax', 'from', 'to', 'hasFreeSeats'] as const;

export default defineMessage('events:list', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const { mine, deleted, fields, status, limit = 50, ...filter } = request;
    // Drafts, and what was deleted, are listed for nobody but their organizer.
    const isOwn = status === 'draft' || deleted;
    if ((mine || isOwn) && !session) return fail('unauthenticated');
    if (isOwn && !mine) {
      const asked = deleted ? 'deleted=true' : 'status=draft';
      return fail('forbidden', {
        field: 'mine',
        allowed: `must be true with ${asked}, which lists your own only`,
      });
    }
    const read = async (): Promise<{ events: Event[]; nextCursor: string | null }> => {
      const { events, nextCursor } = await listEvents(engine.db, {
        ...filter,
        status: mine ? status : (status ?? 'published'),
        draftsOf: mine ? session?.userId : undefined,
        onlyDeleted: deleted ?? false,
        limit,
      });
      return { events: events.map(eventView), nextCursor };
    };
    const isKept = !mine && notKept.every((field) => filter[field] === undefined);
    const page = isKept ? await cachedList(engine, { ...filter, status, limit }, read) : await read();
    return fields ? { ...page, events: page.events.map((event) => pickFields(event, fields)) } : page;
  },
});
