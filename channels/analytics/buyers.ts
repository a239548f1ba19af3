import { rangeView, salesView, scopeOf, times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { bestBuyers } from '../../src/database/analytics-statements.ts';

/** Sums of buyers are hardly fewer than their bookings; of one event there are only so many. */
const daysAtMost = { ofOne: 366, ofAll: 31 };

export default defineMessage('analytics:buyers', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { sort = 'revenue', limit = 20 } = request;
    const range = rangeOf(request, {
      atMost: request.eventId === undefined ? daysAtMost.ofAll : daysAtMost.ofOne,
    });
    const scope = await scopeOf(engine, session, request);
    const rows = await engine.db.run(bestBuyers, ...scope, ...times(range), sort, limit);
    return {
      ...rangeView(range),
      buyers: rows.map((row) => ({
        userId: row.user_id,
        name: row.name,
        email: row.email,
        currency: row.currency,
        ...salesView(row),
      })),
    };
  },
});
