import { defineMessage, organizers } from '../../src/channel.ts';
import { importPlan } from '../../src/events/plans.ts';

export default defineMessage('plans:import', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    return importPlan(engine.db, session.userId, request, by);
  },
});
