import { bucketColumns, rangeView, scopeOf } from '../../src/analytics/answers.ts';
import { bucketsOf, localInstant, rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, organizers } from '../../src/channel.ts';
import { salesTrend, type TrendRow } from '../../src/database/analytics-statements.ts';

const daysAtMost = { day: 732, hour: 31 };
/** Where nothing is said: 30 days, or 7 days of hours. */
const daysBefore = { day: 29, hour: 6 };

export default defineMessage('analytics:trend', {
  access: organizers,
  async handle({ engine, session, request }) {
    const by = request.by ?? 'day';
    const range = rangeOf(request, { atMost: daysAtMost[by], before: daysBefore[by] });
    const scope = await scopeOf(engine, session, request);
    const bounds = bucketsOf(range, by);
    const rows = await engine.db.run(salesTrend, ...scope, ...bucketColumns(bounds, scope));
    const currencies = [...new Set(rows.map(({ currency }) => currency))].sort();
    return {
      ...rangeView(range),
      by,
      startsAt: bounds.slice(0, -1).map((at) => localInstant(at, range.timeZone)),
      endsAt: localInstant(range.until, range.timeZone),
      currencies: currencies.map((currency) => ({
        currency,
        ...series(
          rows.filter((row) => row.currency === currency),
          bounds.length - 1,
        ),
      })),
    };
  },
});

/** One number for each bucket, 0 where there is no row. */
function series(rows: TrendRow[], buckets: number) {
  const of = (value: (row: TrendRow) => number) => {
    const numbers = new Array<number>(buckets).fill(0);
    for (const row of rows) numbers[row.place - 1] = value(row);
    return numbers;
  };
  return {
    bookings: of((row) => row.bookings),
    seats: of((row) => row.seats),
    cancelledSeats: of((row) => row.cancelled_seats),
    revenueCents: of((row) => row.gross_cents - row.cancelled_cents),
    holds: of((row) => row.holds),
    converted: of((row) => row.converted),
  };
}
