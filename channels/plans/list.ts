import { defineMessage, organizers } from '../../src/channel.ts';
import { listPlans } from '../../src/events/plans.ts';

export default defineMessage('plans:list', {
  access: organizers,
  async handle({ engine, request }) {
    const { venueId, limit = 50, cursor } = request;
    return listPlans(engine.db, { venueId, limit, cursor });
  },
});
