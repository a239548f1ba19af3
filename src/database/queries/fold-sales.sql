-- Returns folded: how many differences of `sales_changes` are in the sums from now on. $1 how many at most.
-- They leave the one table and enter the others in one statement, so each is counted once, whatever dies. One node
-- folds at a time: two would wait for each other's sums.
with lease as materialized (
  select pg_try_advisory_xact_lock(1588043351) as is_ours
),
taken as (
  delete from sales_changes
  where id = any (array(
    select id from sales_changes
    where (select is_ours from lease)
    order by id
    limit $1
    for update skip locked
  ))
  returning *
),
facts as materialized (
  select t.event_id, t.at, t.category, e.organizer_id, e.currency,
    sum(t.bookings) as bookings, sum(t.cancelled_bookings) as cancelled_bookings, sum(t.seats) as seats,
    sum(t.cancelled_seats) as cancelled_seats, sum(t.gross_cents) as gross_cents,
    sum(t.cancelled_cents) as cancelled_cents, sum(t.holds) as holds, sum(t.converted) as converted
  from taken as t join events as e on e.id = t.event_id
  group by 1, 2, 3, 4, 5
),
by_event as (
  insert into event_sales as s (event_id, grain, at, category, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents, holds, converted)
  select event_id, grain, date_trunc(grain, at, 'UTC'), category, sum(bookings), sum(cancelled_bookings), sum(seats),
    sum(cancelled_seats), sum(gross_cents), sum(cancelled_cents), sum(holds), sum(converted)
  from facts cross join (values ('day'), ('month')) as each (grain)
  group by 1, 2, 3, 4
  order by 1, 2, 3, 4
  on conflict (event_id, grain, at, category) do update set
    bookings = s.bookings + excluded.bookings, cancelled_bookings = s.cancelled_bookings + excluded.cancelled_bookings,
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents,
    holds = s.holds + excluded.holds, converted = s.converted + excluded.converted
),
by_scope as (
  insert into scope_sales as s (scope, at, currency, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents, holds, converted)
  select scope, at, currency, sum(bookings), sum(cancelled_bookings), sum(seats), sum(cancelled_seats),
    sum(gross_cents), sum(cancelled_cents), sum(holds), sum(converted)
  from facts
  cross join lateral (values (organizer_id), ('00000000-0000-0000-0000-000000000000'::uuid)) as each (scope)
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (scope, at, currency) do update set
    bookings = s.bookings + excluded.bookings, cancelled_bookings = s.cancelled_bookings + excluded.cancelled_bookings,
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents,
    holds = s.holds + excluded.holds, converted = s.converted + excluded.converted
)
select count(*)::integer as folded from taken
