/**
 * The same numbers on many bookings, and how long each route's statements take. ANALYTICS_BOOKINGS=1000000 fills a
 * million (minutes), and prints the times.
 */
import { expect, test } from 'vitest';
import { bucketColumns, pieceColumns, times } from '../../src/analytics/answers.ts';
import { bucketsOf, type Range, rangeOf } from '../../src/analytics/range.ts';
import { salesSoFar } from '../../src/analytics/sales-views.ts';
import {
  bestBuyers,
  changesSize,
  countEvents,
  foldSales,
  forgetHoldStarts,
  ownStats,
  salesOfCategories,
  salesOfEvents,
  salesOfVenues,
  salesTrend,
  utilisationOfEvents,
  vacuumChanges,
} from '../../src/database/analytics-statements.ts';
import type { Statement } from '../../src/database/database.ts';
import { node } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';

const bookings = Number(process.env.ANALYTICS_BOOKINGS ?? 4000);
const isFull = bookings >= 100_000;
const foldAtOnce = 10_000;
const events = Math.max(20, Math.round(bookings / 500));
const organizers = 20;
const users = Math.max(50, Math.round(bookings / 20));
const hubs = await startTestHubs(1);
const { db, salesFold } = node(hubs).engine;
const say = (text: string) => isFull && process.stdout.write(`${text}\n`);
const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const began = performance.now();
  const result = await work();
  return [result, performance.now() - began];
};

/** A year of sales: each event is sold for 60 days, most of it in the first hours; one in ten bookings loses seats. */
async function fill(): Promise<string> {
  const first = await hubs.event({ seats: 100 });
  const theirs = await hubs.users(organizers, 'organizer');
  const [row] = await hubs.sql<{ plan_id: string }>('select plan_id from events where id = $1', [first]);
  await hubs.sql('set statement_timeout = 0');
  const ids = theirs.map(({ id }) => id);
  await hubs.sql(
    `insert into users (id, email, name, password_hash, role, created_at)
     select gen_random_uuid(), 'b' || i || '@example.com', 'Buyer ' || i, '', 'user', now() from generate_series(1, $1::int) i`,
    [users],
  );
  // The first organizer has half of all events.
  await hubs.sql(
    `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, created_at, updated_at)
     select gen_random_uuid(), ($1::uuid[])[case when i % 2 = 0 then 1 else 1 + i % $2::int end], $3, 'Event ' || i, '',
       'Venue ' || i % 40, now() - i * interval '330 days' / $4::int + interval '60 days',
       now() - i * interval '330 days' / $4::int + interval '61 days', 'UTC', 'published', now(),
       case when i % 10 = 0 then 'CHF' else 'EUR' end, '{"Stalls": 2500}', '{}', 2000, now(), now()
     from generate_series(1, $4::int) i`,
    [ids, organizers, row?.plan_id, events],
  );
  await hubs.sql(
    `create table fill_events as select row_number() over (order by starts_at) as n, id, currency, starts_at
       from events where title like 'Event %';
     create table fill_buyers as select row_number() over (order by id) as n, id from users where role = 'user';
     create index on fill_events (n);
     create index on fill_buyers (n);
     analyze fill_events;
     analyze fill_buyers`,
  );
  const atOnce = 50_000;
  for (let from = 1; from <= bookings; from += atOnce) {
    await hubs.sql(
      `with made as (
         insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
         select gen_random_uuid(), e.id, u.id, 'hold-' || i, 'confirmed', 5000, currency,
           starts_at - interval '60 days' + power(random(), 3) * least(interval '60 days', now() - starts_at + interval '60 days')
         from generate_series($1::bigint, $2::bigint) i
         join fill_events e on e.n = 1 + i * 7919 % $3::bigint
         join fill_buyers u on u.n = 1 + i * 104729 % $4::bigint
         returning id, event_id, substr(hold_id, 6)::integer as i
       )
       insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
       select id, event_id, i * 2 + s, 'A ' || s, case when (i + s) % 3 = 0 then 'Box' else 'Stalls' end,
         2000 + s * 1000, true
       from made cross join generate_series(0, 1) s`,
      [from, Math.min(from + atOnce - 1, bookings), events, users],
    );
    say(`${from + atOnce - 1} bookings`);
  }
  await hubs.sql('analyze');
  // Not noted change by change, but all at once below.
  await hubs.sql('alter table bookings disable trigger user');
  await hubs.sql('alter table booking_seats disable trigger user');
  await hubs.sql(
    `with chosen as (select id from bookings where right(hold_id, 1) = '7'),
     gone as (
       update booking_seats set active = false, cancelled_at = now() where booking_id in (select id from chosen)
         and (seat % 2 = 0 or booking_id::text < '8')
     )
     update bookings set status = 'cancelled', cancelled_at = now() where id in (select id from chosen) and id::text < '8'`,
  );
  await hubs.sql(
    `insert into hold_starts (hold_id, event_id, at)
     select case when n = 0 then hold_id else hold_id || '-' || n end, event_id, created_at - interval '1 minute'
     from bookings cross join generate_series(0, 1) n`,
  );
  await hubs.sql('alter table bookings enable trigger user');
  await hubs.sql('alter table booking_seats enable trigger user');
  return ids[0] ?? '';
}

const wholeOf = ({ since, until }: Range, eventId: string | null = null) =>
  bucketColumns([since, until], [null, eventId]);

test('[STATS-2] sums are read, not bookings: the numbers of a year agree, and are there at once', async () => {
  await salesFold.stop();
  const [organizer, filledMs] = await timed(fill);
  const [, foldMs] = await timed(async () => {
    await hubs.sql(salesSoFar);
    await hubs.sql('analyze sales_changes, hold_starts');
    // In bites, as the hub does it.
    for (let folded = foldAtOnce; folded === foldAtOnce; ) {
      [{ folded } = { folded: 0 }] = await hubs.sql<{ folded: number }>(foldSales.text, [foldAtOnce]);
    }
    await hubs.sql(forgetHoldStarts.text, [86_400_000, 100_000_000]);
  });
  await hubs.sql('vacuum analyze');
  await db.run(vacuumChanges);
  expect(await db.run(changesSize)).toEqual([{ bytes: 0 }]);
  say(
    `filled ${bookings} bookings in ${Math.round(filledMs / 1000)} s, folded in ${Math.round(foldMs / 1000)} s`,
  );
  const sizes = await hubs.sql(
    `select relname, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class
     where relname in ('bookings', 'booking_seats', 'event_sales', 'category_sales', 'scope_sales', 'buyer_sales', 'hold_starts') order by 1`,
  );
  say(JSON.stringify(sizes));

  const today = Date.now();
  const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const timeZone = 'Europe/Brussels';
  const ranges = {
    month: rangeOf({ timeZone }),
    year: rangeOf({ from: dateOf(today - 365 * 86_400_000), to: dateOf(today), timeZone }),
  };
  const [event] = await hubs.sql<{ id: string }>(
    'select event_id as id from bookings group by 1 order by count(*) desc limit 1',
  );
  const [buyer] = await hubs.sql<{ id: string }>(
    'select user_id as id from bookings group by 1 order by count(*) desc limit 1',
  );
  const report: string[] = [];
  const measure = async <P extends unknown[], R>(name: string, each: Statement<P, R>, ...values: P) => {
    const took: number[] = [];
    // More often than PostgreSQL makes a plan of its own for each call.
    for (let i = 0; i < 12; i++) took.push((await timed(() => db.run(each, ...values)))[1]);
    took.sort((a, b) => a - b);
    report.push(`${name.padEnd(40)} median ${took[6]?.toFixed(1)} ms, worst ${took[11]?.toFixed(1)} ms`);
  };
  for (const [scope, whose] of Object.entries({ all: null, organizer })) {
    for (const [length, range] of Object.entries(ranges)) {
      const at = `${scope}, ${length}`;
      const days = bucketColumns(bucketsOf(range, 'day'), [whose, null]);
      const pieces = pieceColumns(range);
      await measure(`summary (${at})`, salesTrend, whose, null, ...wholeOf(range));
      await measure(`summary, events (${at})`, countEvents, whose, null, ...times(range));
      await measure(`trend by day (${at})`, salesTrend, whose, null, ...days);
      await measure(`events (${at})`, salesOfEvents, whose, ...times(range), ...pieces, 'seats', 20);
      await measure(`categories (${at})`, salesOfCategories, whose, null, ...times(range), ...pieces, 50);
      await measure(`venues (${at})`, salesOfVenues, whose, ...times(range), ...pieces, 50);
      await measure(`utilisation (${at})`, utilisationOfEvents, whose, null, ...times(range), 50);
      if (length === 'month') {
        const hours = bucketColumns(bucketsOf(range, 'hour'), [whose, null]);
        await measure(`trend by hour (${at})`, salesTrend, whose, null, ...hours);
        await measure(`buyers (${at})`, bestBuyers, whose, null, ...times(range), 'revenue', 20);
      }
    }
  }
  const { year } = ranges;
  const one = event?.id ?? '';
  const days = bucketColumns(bucketsOf(year, 'day'), [organizer, one]);
  // Its days begin half an hour past those of UTC.
  const indian = rangeOf({ from: year.from, to: year.to, timeZone: 'Asia/Kolkata' });
  const indianDays = bucketColumns(bucketsOf(indian, 'day'), [null, null]);
  await measure('trend by day (all, year, Kolkata)', salesTrend, null, null, ...indianDays);
  await measure('summary (one event)', salesTrend, organizer, one, ...wholeOf(year, one));
  await measure('trend by day (one event)', salesTrend, organizer, one, ...days);
  const ofYear = [...times(year), ...pieceColumns(year)] as const;
  await measure('categories (one event)', salesOfCategories, organizer, one, ...ofYear, 50);
  await measure('buyers (one event)', bestBuyers, organizer, one, ...times(year), 'revenue', 20);
  await measure('own statistics', ownStats, buyer?.id ?? '', null, null);
  say(report.join('\n'));

  for (const [whose, range] of [
    [null, year],
    [organizer, year],
    [organizer, ranges.month],
  ] as const) {
    const [plain] = await hubs.sql<{ cents: string; seats: string; bookings: string }>(
      `select sum(s.price_cents) filter (where s.active) as cents, count(*) as seats, count(distinct b.id) as bookings
       from bookings b join booking_seats s on s.booking_id = b.id join events e on e.id = b.event_id
       where b.created_at >= $1 and b.created_at < $2 and ($3::uuid is null or e.organizer_id = $3)`,
      [...times(range), whose],
    );
    const add = (rows: { gross_cents: number; cancelled_cents: number; seats: number }[]) => [
      rows.reduce((all, row) => all + row.gross_cents - row.cancelled_cents, 0),
      rows.reduce((all, row) => all + row.seats, 0),
    ];
    const expected = [Number(plain?.cents), Number(plain?.seats)];
    expect(expected[1]).toBeGreaterThan(0);
    const summary = await db.run(salesTrend, whose, null, ...wholeOf(range));
    expect(add(summary)).toEqual(expected);
    expect(summary.reduce((all, row) => all + row.bookings, 0)).toBe(Number(plain?.bookings));
    const byDay = bucketColumns(bucketsOf(range, 'day'), [whose, null]);
    expect(add(await db.run(salesTrend, whose, null, ...byDay))).toEqual(expected);
    const pieces = pieceColumns(range);
    expect(add(await db.run(salesOfCategories, whose, null, ...times(range), ...pieces, 50))).toEqual(
      expected,
    );
    expect(add(await db.run(salesOfVenues, whose, ...times(range), ...pieces, 200))).toEqual(expected);
    expect(add(await db.run(bestBuyers, whose, null, ...times(range), 'revenue', 10_000_000))).toEqual(
      expected,
    );
  }
}, 3_600_000);
