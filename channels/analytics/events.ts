import { pieceColumns, rangeView, salesView, scopeOf, share, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { salesOfEvents } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:events', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { sort = 'seats', limit = 20 } = request;
    const range = rangeOf(request);
    const [organizerId] = await scopeOf(engine, session, request);
    const rows = await engine.db.run(
      salesOfEvents,
      organizerId,
      ...times(range),
      ...pieceColumns(range),
      sort,
      limit,
    );
    return {
      ...rangeView(range),
      events: rows.map((row) => ({
        eventId: row.id,
        title: row.title,
        venue: row.venue,
        startsAt: new Date(row.starts_at).toISOString(),
        status: row.status,
        currency: row.currency,
        ...salesView(row),
        capacity: row.seat_count,
        soldSeats: row.sold_seats,
        utilisation: share(row.sold_seats, row.seat_count),
      })),
    };
  },
});
