import { defineMessage, organizers } from '../../src/channel.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';
import { ownEvent } from '../../src/events/own-event.ts';

export default defineMessage('bookings:of-event', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { eventId, limit = 50, cursor, ...filter } = request;
    await ownEvent(engine, session, eventId);
    const [after] = readCursor(cursor, 'id');
    const sales = await engine.bookings.sales(eventId, { ...filter, after, limit: limit + 1 });
    const { page, nextCursor } = pageOf(sales, limit, ({ booking }) => [booking.id]);
    return { sales: page, nextCursor };
  },
});
