import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { deleteVenue, findVenue, venueView } from '../../src/events/venues.ts';

export default defineMessage('venues:delete', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const venue = await findVenue(engine.db, request.venueId);
    if (!venue || !owns(session, venue.organizerId)) return fail('venue-not-found');
    const deleted = await deleteVenue(engine.db, request.venueId, by);
    engine.venueChanged(request.venueId);
    return venueView(deleted);
  },
});
