import { bucketColumns, rangeView, salesView, scopeOf, share, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { countEvents, salesTrend } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:summary', {
  access: organizers,
  async handle({ engine, session, request }) {
    const range = rangeOf(request);
    const scope = await scopeOf(engine, session, request);
    const [rows, [events]] = await Promise.all([
      engine.db.run(salesTrend, ...scope, ...bucketColumns([range.since, range.until], scope)),
      engine.db.run(countEvents, ...scope, ...times(range)),
    ]);
    return {
      ...rangeView(range),
      events: { starting: events?.starting ?? 0, onSale: events?.on_sale ?? 0 },
      currencies: rows.map((row) => ({
        currency: row.currency,
        ...salesView(row),
        holds: row.holds,
        converted: row.converted,
        conversionRate: row.holds > 0 ? share(row.converted, row.holds) : null,
      })),
    };
  },
});
