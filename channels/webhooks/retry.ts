import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { retry } from '../../src/deliveries/delivery-desk.ts';

export default defineMessage('webhooks:retry', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    const { webhookId, deliveryId } = request;
    const { id: endpointId } = await engine.webhooks.find(webhookId, (userId) => owns(session, userId));
    const made = await retry(engine.db, { deliveryId, endpointId }, by);
    engine.deliveries.hasten(made);
    return { retried: made.length };
  },
});
