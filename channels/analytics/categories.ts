import { pieceColumns, rangeView, scopeOf, seatSales, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { salesOfCategories } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:categories', {
  access: organizers,
  async handle({ engine, session, request }) {
    const range = rangeOf(request);
    const scope = await scopeOf(engine, session, request);
    const rows = await engine.db.run(
      salesOfCategories,
      ...scope,
      ...times(range),
      ...pieceColumns(range),
      request.limit ?? 50,
    );
    return {
      ...rangeView(range),
      categories: rows.map((row) => ({
        category: row.category,
        currency: row.currency,
        events: row.events,
        ...seatSales(row),
      })),
    };
  },
});
