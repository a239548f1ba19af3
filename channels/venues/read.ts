import { anyone, defineMessage } from '../../src/channel.ts';
import { findVenue, venueView } from '../../src/events/venues.ts';

export default defineMessage('venues:read', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const venue = await findVenue(engine.db, request.venueId);
    return venue ? venueView(venue) : fail('venue-not-found');
  },
});
