-- Returns venue, currency and sums of a range, the highest revenue of each currency first.
-- $1 organizer id (null: all), $2 from, $3 to (not included), $4..$6 pieces of the range, $7 how many at most.
select e.venue, e.currency, count(*)::integer as events,
  sum(s.bookings)::float8 as bookings, sum(s.cancelled_bookings)::float8 as cancelled_bookings,
  sum(s.seats)::float8 as seats, sum(s.cancelled_seats)::float8 as cancelled_seats,
  sum(s.gross_cents)::float8 as gross_cents, sum(s.cancelled_cents)::float8 as cancelled_cents
from (
  select event_id, sum(bookings) as bookings, sum(cancelled_bookings) as cancelled_bookings, sum(seats) as seats,
    sum(cancelled_seats) as cancelled_seats, sum(gross_cents) as gross_cents, sum(cancelled_cents) as cancelled_cents
  from sales_by_event($1::uuid, $2::timestamptz, $3::timestamptz, $4::text[], $5::timestamptz[], $6::timestamptz[])
  group by event_id
) as s
join events as e on e.id = s.event_id
where s.bookings <> 0
group by 1, 2
order by e.currency, sum(s.gross_cents - s.cancelled_cents) desc, e.venue
limit $7
