import { admins, defineMessage } from '../../src/channel.ts';
import { findDeliveries } from '../../src/deliveries/delivery-desk.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';

export default defineMessage('deliveries:list', {
  access: admins,
  async handle({ engine, request }) {
    const { limit = 50, cursor, ...filter } = request;
    const [olderThan] = readCursor(cursor, 'row');
    const found = await findDeliveries(engine.db, { ...filter, olderThan, limit: limit + 1 });
    const deliveries = found.slice(0, limit);
    const last = deliveries.at(-1);
    return { deliveries, nextCursor: found.length > limit && last ? writeCursor(last.id) : null };
  },
});
