import { admins, defineMessage } from '../../src/channel.ts';
import { retry } from '../../src/deliveries/delivery-desk.ts';

export default defineMessage('deliveries:retry', {
  access: admins,
  async handle({ engine, request, by }) {
    const made = await retry(engine.db, request, by);
    engine.deliveries.hasten(made);
    return { retried: made.length };
  },
});
