import { salesTable } from '../../src/bookings/sales-table.ts';
import { Download, defineMessage, organizers } from '../../src/channel.ts';
import { ownEvent } from '../../src/events/own-event.ts';

export default defineMessage('bookings:export', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { eventId, ...filter } = request;
    await ownEvent(engine, session, eventId);
    const table = await salesTable(engine.bookings, eventId, filter);
    return new Download('text/csv; charset=utf-8', table, `bookings-${eventId}.csv`);
  },
});
