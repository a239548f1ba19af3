import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { findDeliveries } from '../../src/deliveries/delivery-desk.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';

export default defineMessage('webhooks:deliveries', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { webhookId, state, limit = 50, cursor } = request;
    const [olderThan] = readCursor(cursor, 'row');
    const { id: endpointId } = await engine.webhooks.find(webhookId, (userId) => owns(session, userId));
    const found = await findDeliveries(engine.db, { endpointId, state, olderThan, limit: limit + 1 });
    const deliveries = found.slice(0, limit);
    const last = deliveries.at(-1);
    return { deliveries, nextCursor: found.length > limit && last ? writeCursor(last.id) : null };
  },
});
