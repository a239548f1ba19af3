-- Returns events that start in a range, earliest first, with seats and what of them is sold by now; on each row the sums
-- of all such events, also of those that are left out: of_events, of_seats, of_sold.
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included), $5 how many at most.
with unfolded as materialized (
  select event_id, sum(seats - cancelled_seats) as seats, sum(gross_cents - cancelled_cents) as cents
  from sales_changes group by event_id
),
found as (
  select e.id, e.title, e.venue, e.starts_at, e.status, e.currency, e.seat_count,
    coalesce(folded.seats, 0) + coalesce(unfolded.seats, 0) as sold,
    coalesce(folded.cents, 0) + coalesce(unfolded.cents, 0) as cents
  from events as e
  left join unfolded on unfolded.event_id = e.id
  cross join lateral (
    select sum(s.seats - s.cancelled_seats) as seats, sum(s.gross_cents - s.cancelled_cents) as cents
    from event_sales as s where s.event_id = e.id and s.grain = 'month'
  ) as folded
  where e.published_at is not null and e.status <> 'cancelled'
    and e.starts_at >= $3::timestamptz and e.starts_at < $4::timestamptz
    and ($1::uuid is null or e.organizer_id = $1) and ($2::uuid is null or e.id = $2)
)
select id, title, venue, to_json(starts_at) #>> '{}' as starts_at, status, currency, seat_count,
  sold::float8 as sold_seats, cents::float8 as revenue_cents, count(*) over ()::integer as of_events,
  (sum(seat_count) over ())::float8 as of_seats, (sum(sold) over ())::float8 as of_sold
from found
order by found.starts_at, id
limit $5
