import { defineMessage, organizers } from '../../src/channel.ts';
import { listPlans } from '../../src/events/plans.ts';

export default defineMessage('plans:list', {
  access: organizers,
  async handle({ engine }) {
    return { plans: await listPlans(engine.db) };
  },
});
