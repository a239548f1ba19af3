import { pieceColumns, rangeView, salesView, scopeOf, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { salesOfVenues } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:venues', {
  access: organizers,
  async handle({ engine, session, request }) {
    const range = rangeOf(request);
    const [organizerId] = await scopeOf(engine, session, request);
    const rows = await engine.db.run(
      salesOfVenues,
      organizerId,
      ...times(range),
      ...pieceColumns(range),
      request.limit ?? 50,
    );
    return {
      ...rangeView(range),
      venues: rows.map((row) => ({
        venue: row.venue,
        currency: row.currency,
        events: row.events,
        ...salesView(row),
      })),
    };
  },
});
