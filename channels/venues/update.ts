import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findVenue, updateVenue, venueView } from '../../src/events/venues.ts';

export default defineMessage('venues:update', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { venueId, ...changes } = request;
    const venue = await findVenue(engine.db, venueId);
    if (!venue || !owns(session, venue.organizerId)) return fail('venue-not-found');
    const updated = await updateVenue(engine.db, venueId, changes, by);
    engine.venueChanged(venueId);
    return venueView(updated);
  },
});
