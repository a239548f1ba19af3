import { defineMessage, organizers } from '../../src/channel.ts';
import { listPlans } from '../../src/events/plans.ts';

export default defineMessage('plans:list', {
  access: organizers,
  async handle({ engine, request }) {
    return { plans: await listPlans(engine.db, request.venueId) };
  },
});
