import { times } from '../../src/analytics/answers.ts';
import { rangeOf } from '../../src/analytics/range.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';
import { type OwnStatsRow, ownStats } from '../../src/database/analytics-statements.ts';

export default defineMessage('analytics:mine', {
  access: signedIn,
  async handle({ engine, session, request }) {
    const range = rangeOf(request);
    const isAll = request.from === undefined && request.to === undefined;
    const [since, until] = isAll ? [null, null] : times(range);
    const rows = await engine.db.run(ownStats, session.userId, since, until);
    const sum = (value: (row: OwnStatsRow) => number) => rows.reduce((all, row) => all + value(row), 0);
    const next = rows.flatMap((row) => row.next_starts_at ?? []).map((at) => new Date(at).toISOString());
    return {
      bookings: sum((row) => row.bookings),
      cancelledBookings: sum((row) => row.cancelled_bookings),
      seats: sum((row) => row.seats),
      cancelledSeats: sum((row) => row.cancelled_seats),
      upcoming: {
        bookings: sum((row) => row.upcoming_bookings),
        seats: sum((row) => row.upcoming_seats),
        nextStartsAt: next.sort()[0] ?? null,
      },
      spent: rows
        .filter((row) => row.bookings > 0)
        .map((row) => ({
          currency: row.currency,
          grossCents: row.gross_cents,
          cancelledCents: row.cancelled_cents,
          spentCents: row.gross_cents - row.cancelled_cents,
        })),
    };
  },
});
