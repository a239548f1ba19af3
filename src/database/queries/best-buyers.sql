-- Returns who has spent most on events in a range, one row a user and currency: bookings made then, and what of them
-- is not cancelled.
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included), $5 what they are ordered by (revenue,
-- seats or bookings), $6 how many at most.
-- Adding up one number is much less than adding up all, so that comes first, and all of those who are left. As float8,
-- since that is how sums leave, and quicker; it is exact up to 2^53.
with unfolded as materialized (
  select c.*, e.currency from sales_changes as c join events as e on e.id = c.event_id
  where c.at >= $3::timestamptz and c.at < $4::timestamptz
    and ($2::uuid is null or c.event_id = $2) and ($1::uuid is null or e.organizer_id = $1)
),
best as materialized (
  select user_id, currency, sum(rank) as rank
  from (
    select user_id, currency, (case $5::text when 'seats' then seats - cancelled_seats when 'bookings' then bookings
      else gross_cents - cancelled_cents end)::float8 as rank
    from buyer_sales
    where at >= $3::timestamptz and at < $4::timestamptz and ($2::uuid is null or event_id = $2)
      and ($1::uuid is null or event_id in (select id from events where organizer_id = $1))
    union all
    select user_id, currency, case $5::text when 'seats' then seats - cancelled_seats when 'bookings' then bookings
      else gross_cents - cancelled_cents end
    from unfolded
  ) as each
  group by 1, 2
  order by 3 desc, 1, 2
  limit $6
)
select u.id as user_id, u.name, u.email, best.currency, sums.*
from best
join users as u on u.id = best.user_id
cross join lateral (
  select sum(bookings)::float8 as bookings, sum(cancelled_bookings)::float8 as cancelled_bookings,
    sum(seats)::float8 as seats, sum(cancelled_seats)::float8 as cancelled_seats,
    sum(gross_cents)::float8 as gross_cents, sum(cancelled_cents)::float8 as cancelled_cents
  from (
    select bookings, cancelled_bookings, seats, cancelled_seats, gross_cents, cancelled_cents
    from buyer_sales as s
    where s.user_id = best.user_id and s.at >= $3::timestamptz and s.at < $4::timestamptz and s.currency = best.currency
      and ($2::uuid is null or s.event_id = $2)
      and ($1::uuid is null or s.event_id in (select id from events where organizer_id = $1))
    union all
    select bookings, cancelled_bookings, seats, cancelled_seats, gross_cents, cancelled_cents
    from unfolded as c
    where c.user_id = best.user_id and c.currency = best.currency
  ) as each
) as sums
where sums.bookings <> 0
order by best.rank desc, best.user_id, best.currency
