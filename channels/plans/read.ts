import { anyone, defineMessage } from '../../src/channel.ts';
import { readPlan } from '../../src/events/plans.ts';

export default defineMessage('plans:read', {
  access: anyone,
  async handle({ engine, request, fail }) {
    return (await readPlan(engine.db, request.planId)) ?? fail('plan-not-found');
  },
});
