-- Returns who has spent most on events in a range, one row a user and currency: bookings made then, and what of them
-- is not cancelled.
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included), $5 what they are ordered by (revenue,
-- seats or bookings), $6 how many at most.
with theirs as materialized (
  select b.id, b.user_id, b.status, b.total_cents, e.currency
  from bookings as b
  join events as e on e.id = b.event_id
  where b.created_at >= $3::timestamptz and b.created_at < $4::timestamptz
    and ($1::uuid is null or e.organizer_id = $1) and ($2::uuid is null or b.event_id = $2)
),
lines as (
  select t.user_id, t.currency, count(*) as seats, count(*) filter (where not s.active) as cancelled_seats,
    sum(s.price_cents) as gross_cents, coalesce(sum(s.price_cents) filter (where not s.active), 0) as cancelled_cents
  from theirs as t join booking_seats as s on s.booking_id = t.id
  group by 1, 2
),
counted as (
  select user_id, currency, count(*) as bookings, count(*) filter (where status = 'cancelled') as cancelled_bookings
  from theirs group by 1, 2
)
select u.id as user_id, u.name, u.email, currency, bookings::float8 as bookings,
  cancelled_bookings::float8 as cancelled_bookings, seats::float8 as seats, cancelled_seats::float8 as cancelled_seats,
  gross_cents::float8 as gross_cents, cancelled_cents::float8 as cancelled_cents
from counted
join lines using (user_id, currency)
join users as u on u.id = user_id
order by case $5::text when 'seats' then seats - cancelled_seats when 'bookings' then bookings
  else gross_cents - cancelled_cents end desc, u.id, currency
limit $6
