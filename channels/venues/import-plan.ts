import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { importPlan } from '../../src/events/plans.ts';
import { findVenue } from '../../src/events/venues.ts';

export default defineMessage('venues:import-plan', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const { venueId, plan } = request;
    const venue = await findVenue(engine.db, venueId);
    if (!venue || !owns(session, venue.organizerId)) return fail('venue-not-found');
    return importPlan(engine.db, session.userId, plan, by, venueId);
  },
});
