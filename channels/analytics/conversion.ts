import { bucketColumns, rangeView, scopeOf, share } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { salesTrend } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:conversion', {
  access: organizers,
  async handle({ engine, session, request }) {
    const range = rangeOf(request);
    const scope = await scopeOf(engine, session, request);
    const rows = await engine.db.run(
      salesTrend,
      ...scope,
      ...bucketColumns([range.since, range.until], scope),
    );
    const holds = rows.reduce((sum, row) => sum + row.holds, 0);
    const converted = rows.reduce((sum, row) => sum + row.converted, 0);
    return { ...rangeView(range), holds, converted, rate: holds > 0 ? share(converted, holds) : null };
  },
});
