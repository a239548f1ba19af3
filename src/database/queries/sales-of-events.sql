-- Returns the events that sold most in a range, with their sums in it and the seats that are sold by now.
-- $1 organizer id (null: all), $2 from, $3 to (not included), $4..$6 pieces of the range, $7 what they are ordered by:
-- revenue, seats, bookings or cancellations, $8 how many at most.
with sums as (
  select event_id, sum(bookings) as bookings, sum(cancelled_bookings) as cancelled_bookings, sum(seats) as seats,
    sum(cancelled_seats) as cancelled_seats, sum(gross_cents) as gross_cents, sum(cancelled_cents) as cancelled_cents
  from sales_by_event($1::uuid, $2::timestamptz, $3::timestamptz, $4::text[], $5::timestamptz[], $6::timestamptz[])
  group by event_id
  having sum(bookings) <> 0
),
best as materialized (
  select * from sums
  order by case $7::text when 'revenue' then gross_cents - cancelled_cents when 'bookings' then bookings
    when 'cancellations' then cancelled_seats else seats - cancelled_seats end desc, event_id
  limit $8
),
unfolded as materialized (
  select event_id, sum(seats - cancelled_seats) as seats from sales_changes group by event_id
)
select e.id, e.title, e.venue, to_json(e.starts_at) #>> '{}' as starts_at, e.status, e.currency, e.seat_count,
  best.bookings::float8 as bookings, best.cancelled_bookings::float8 as cancelled_bookings,
  best.seats::float8 as seats, best.cancelled_seats::float8 as cancelled_seats,
  best.gross_cents::float8 as gross_cents, best.cancelled_cents::float8 as cancelled_cents,
  (coalesce(folded.seats, 0) + coalesce(unfolded.seats, 0))::float8 as sold_seats
from best
join events as e on e.id = best.event_id
left join unfolded on unfolded.event_id = e.id
cross join lateral (
  select sum(s.seats - s.cancelled_seats) as seats from event_sales as s where s.event_id = e.id and s.grain = 'month'
) as folded
order by case $7::text when 'revenue' then best.gross_cents - best.cancelled_cents when 'bookings' then best.bookings
  when 'cancellations' then best.cancelled_seats else best.seats - best.cancelled_seats end desc, e.id
