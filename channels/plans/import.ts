import { defineMessage, organizers } from '../../src/channel.ts';
import { importPlan } from '../../src/events/plans.ts';
import { PlanError } from '../../src/seating/plan.ts';

export default defineMessage('plans:import', {
  access: organizers,
  async handle({ engine, session, request, requestId, fail }) {
    const by = { userId: session.userId, sessionId: session.id, requestId };
    try {
      return await importPlan(engine.db, session.userId, request, by);
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const { path, problem } = error;
      return fail('plan-invalid', { path, problem }, error.message);
    }
  },
});
