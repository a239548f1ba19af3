import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { importPlan } from '../../src/events/plans.ts';
import { findVenue } from '../../src/events/venues.ts';
import { PlanError } from '../../src/seating/plan.ts';

export default defineMessage('venues:import-plan', {
  access: organizers,
  async handle({ engine, session, request, requestId, fail }) {
    const { venueId, plan } = request;
    const venue = await findVenue(engine.db, venueId);
    if (!venue || !owns(session, venue.organizerId)) return fail('venue-not-found');
    const by = { userId: session.userId, sessionId: session.id, requestId };
    try {
      return await importPlan(engine.db, session.userId, plan, by, venueId);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const { path, problem } = error;
      return fail('plan-invalid', { path, problem }, error.message);
    }
  },
});
