import { anyone, defineMessage } from '../../src/channel.ts';
import { listVenues, venueView } from '../../src/events/venues.ts';

export default defineMessage('venues:list', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const { q, country, mine, limit = 50, cursor } = request;
    if (mine && !session) return fail('unauthenticated');
    const organizerId = mine ? session?.userId : undefined;
    const { venues, nextCursor } = await listVenues(engine.db, { organizerId, country, q, limit, cursor });
    return { venues: venues.map(venueView), nextCursor };
  },
});
