/** What analytics has to answer, computed the plain way: from all rows of bookings and their seats. */
import { Temporal } from 'temporal-polyfill';
import type { TestHubs } from '../support/hub.ts';

export interface NaiveLine {
  id: string;
  event_id: string;
  organizer_id: string;
  user_id: string;
  venue: string;
  currency: string;
  status: string;
  at: number;
  category: string;
  cents: number;
  active: boolean;
}

export const linesOf = (hubs: TestHubs): Promise<NaiveLine[]> =>
  hubs.sql<NaiveLine & Record<string, unknown>>(
    `select b.id, b.event_id, e.organizer_id, b.user_id, e.venue, e.currency, b.status, s.category, s.active,
       (extract(epoch from b.created_at) * 1000)::float8 as at, s.price_cents::float8 as cents
     from bookings b join events e on e.id = b.event_id join booking_seats s on s.booking_id = b.id`,
  );

export interface NaiveHold {
  hold_id: string;
  event_id: string;
  organizer_id: string;
  currency: string;
  at: number;
  booked: boolean;
}

export const holdsOf = (hubs: TestHubs): Promise<NaiveHold[]> =>
  hubs.sql<NaiveHold & Record<string, unknown>>(
    `select a.hold_id, e.id as event_id, e.organizer_id, e.currency,
       (extract(epoch from min(a.at)) * 1000)::float8 as at,
       exists (select from bookings b where b.hold_id = a.hold_id) as booked
     from audit a join events e on e.id = a.event_id
     where a.action = 'seats-held' group by 1, 2, 3, 4`,
  );

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
const share = (part: number, whole: number) => (whole > 0 ? Math.round((part / whole) * 1e6) / 1e6 : 0);

export function salesOf(lines: NaiveLine[]) {
  const bookings = new Map(lines.map((line) => [line.id, line.status]));
  return {
    bookings: bookings.size,
    cancelledBookings: [...bookings.values()].filter((status) => status === 'cancelled').length,
    ...seatsOf(lines),
  };
}

export function seatsOf(lines: NaiveLine[]) {
  const gone = lines.filter((line) => !line.active);
  const [gross, cancelled] = [sum(lines.map(({ cents }) => cents)), sum(gone.map(({ cents }) => cents))];
  return {
    seats: lines.length,
    cancelledSeats: gone.length,
    grossCents: gross,
    cancelledCents: cancelled,
    revenueCents: gross - cancelled,
    cancellationRate: share(gone.length, lines.length),
  };
}

export const conversionOf = (holds: NaiveHold[]) => ({
  holds: holds.length,
  converted: holds.filter(({ booked }) => booked).length,
});

/** Rows of one key together, by key. */
export function groupBy<T>(rows: T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

const dayIn = (at: number, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate().toString();

/** What happened on these days, included, by the clocks of a zone. */
export const during = <T extends { at: number }>(rows: T[], from: string, to: string, zone: string): T[] =>
  rows.filter(({ at }) => dayIn(at, zone) >= from && dayIn(at, zone) <= to);
