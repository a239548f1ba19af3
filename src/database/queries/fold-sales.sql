-- Returns folded: how many differences and holds are in the sums from now on. $1 how many of each at most.
-- They leave `sales_changes` and enter the sums in one statement, so each is counted once, whatever dies. One node folds at
-- a time; one that saw the tables as they were before another's fold finds a later version, and does nothing.
with lease as materialized (
  select version from sales_folds
  where exists (select from sales_changes) or exists (select from hold_starts where not is_counted)
  for update of sales_folds skip locked
),
turn as materialized (
  select exists (select from lease join sales_folds using (version)) as is_ours
),
fenced as (
  update sales_folds set version = version + 1 where (select is_ours from turn)
),
taken as (
  delete from sales_changes
  where ctid = any (array(select ctid from sales_changes where (select is_ours from turn) limit $1))
  returning *
),
-- Holds have their turn when no difference is left over: then whether a hold's booking is in the sums needs no search.
started as (
  update hold_starts set is_counted = true
  where hold_id = any (array(
    select hold_id from hold_starts
    where (select is_ours from turn) and (select count(*) from taken) < $1 and not is_counted
    order by at limit $1
  ))
  returning hold_id, event_id, at
),
-- A booked hold counts as that when the later of the two is counted, the hold or its booking.
converted as (
  select h.event_id, h.at from taken as t join hold_starts as h on h.hold_id = t.hold_id
  where h.is_counted
  union all
  select s.event_id, s.at from started as s
  where exists (select from bookings as b where b.hold_id = s.hold_id)
),
facts as materialized (
  select f.event_id, f.at, e.organizer_id, e.currency, sum(bookings) as bookings,
    sum(cancelled_bookings) as cancelled_bookings, sum(seats) as seats, sum(cancelled_seats) as cancelled_seats,
    sum(gross_cents) as gross_cents, sum(cancelled_cents) as cancelled_cents, sum(holds) as holds,
    sum(converted) as converted
  from (
    select event_id, at, bookings, cancelled_bookings, seats, cancelled_seats, gross_cents, cancelled_cents,
      0 as holds, 0 as converted
    from taken
    union all
    select event_id, quarter_of(at), 0, 0, 0, 0, 0, 0, 1, 0 from started
    union all
    select event_id, quarter_of(at), 0, 0, 0, 0, 0, 0, 0, 1 from converted
  ) as f
  join events as e on e.id = f.event_id
  group by 1, 2, 3, 4
),
by_event as (
  insert into event_sales as s (event_id, grain, at, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents, holds, converted)
  select event_id, grain, case grain when '15min' then at else date_trunc(grain, at, 'UTC') end, sum(bookings),
    sum(cancelled_bookings), sum(seats), sum(cancelled_seats), sum(gross_cents), sum(cancelled_cents), sum(holds),
    sum(converted)
  from facts cross join (values ('15min'), ('day'), ('month')) as each (grain)
  group by 1, 2, 3
  order by 2, 3, 1
  on conflict (event_id, grain, at) do update set
    bookings = s.bookings + excluded.bookings, cancelled_bookings = s.cancelled_bookings + excluded.cancelled_bookings,
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents,
    holds = s.holds + excluded.holds, converted = s.converted + excluded.converted
),
by_category as (
  insert into category_sales as s (event_id, grain, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
  select event_id, grain, case grain when '15min' then at else date_trunc(grain, at, 'UTC') end, category, sum(seats),
    sum(cancelled_seats), sum(gross_cents), sum(cancelled_cents)
  from taken cross join (values ('15min'), ('day'), ('month')) as each (grain)
  where seats <> 0 or cancelled_seats <> 0 or gross_cents <> 0 or cancelled_cents <> 0
  group by 1, 2, 3, 4
  order by 2, 3, 1, 4
  on conflict (event_id, grain, at, category) do update set
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents
),
by_buyer as (
  insert into buyer_sales as s (user_id, at, event_id, currency, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents)
  select user_id, at, event_id, currency, sum(bookings), sum(cancelled_bookings), sum(seats), sum(cancelled_seats),
    sum(gross_cents), sum(cancelled_cents)
  from taken join events as e on e.id = event_id
  group by 1, 2, 3, 4
  order by 2, 3, 1
  on conflict (user_id, at, event_id) do update set
    bookings = s.bookings + excluded.bookings, cancelled_bookings = s.cancelled_bookings + excluded.cancelled_bookings,
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents
),
by_scope as (
  insert into scope_sales as s (scope, grain, at, currency, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents, holds, converted)
  select scope, grain, case grain when '15min' then at else date_trunc(grain, at, 'UTC') end, currency, sum(bookings),
    sum(cancelled_bookings), sum(seats), sum(cancelled_seats), sum(gross_cents), sum(cancelled_cents), sum(holds),
    sum(converted)
  from facts
  cross join (values ('15min'), ('hour'), ('day'), ('month')) as each (grain)
  cross join lateral (values (organizer_id), ('00000000-0000-0000-0000-000000000000'::uuid)) as whose (scope)
  group by 1, 2, 3, 4
  order by 1, 2, 3, 4
  on conflict (scope, grain, at, currency) do update set
    bookings = s.bookings + excluded.bookings, cancelled_bookings = s.cancelled_bookings + excluded.cancelled_bookings,
    seats = s.seats + excluded.seats, cancelled_seats = s.cancelled_seats + excluded.cancelled_seats,
    gross_cents = s.gross_cents + excluded.gross_cents, cancelled_cents = s.cancelled_cents + excluded.cancelled_cents,
    holds = s.holds + excluded.holds, converted = s.converted + excluded.converted
)
select greatest((select count(*) from taken), (select count(*) from started))::integer as folded
