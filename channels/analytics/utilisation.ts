import { rangeView, scopeOf, share, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { utilisationOfEvents } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:utilisation', {
  access: organizers,
  async handle({ engine, session, request }) {
    const range = rangeOf(request, { before: 29, ahead: 365 });
    const scope = await scopeOf(engine, session, request);
    const rows = await engine.db.run(utilisationOfEvents, ...scope, ...times(range), request.limit ?? 50);
    const { of_events: events = 0, of_seats: capacity = 0, of_sold: soldSeats = 0 } = rows[0] ?? {};
    return {
      ...rangeView(range),
      events,
      capacity,
      soldSeats,
      utilisation: share(soldSeats, capacity),
      list: rows.map((row) => ({
        eventId: row.id,
        title: row.title,
        venue: row.venue,
        startsAt: new Date(row.starts_at).toISOString(),
        status: row.status,
        currency: row.currency,
        capacity: row.seat_count,
        soldSeats: row.sold_seats,
        revenueCents: row.revenue_cents,
        utilisation: share(row.sold_seats, row.seat_count),
      })),
    };
  },
});
