-- Returns currency and sums of a user's own bookings, one row a currency: those made in a range, and (upcoming_…) those
-- of events that have not begun yet, whenever they were made.
-- $1 user id, $2 from, $3 to (not included), both null: of all time.
select b.currency, count(*) filter (where in_range)::float8 as bookings,
  count(*) filter (where in_range and b.status = 'cancelled')::float8 as cancelled_bookings,
  coalesce(sum(lines.seats) filter (where in_range), 0)::float8 as seats,
  coalesce(sum(lines.cancelled_seats) filter (where in_range), 0)::float8 as cancelled_seats,
  coalesce(sum(lines.gross_cents) filter (where in_range), 0)::float8 as gross_cents,
  coalesce(sum(lines.cancelled_cents) filter (where in_range), 0)::float8 as cancelled_cents,
  count(*) filter (where is_ahead)::float8 as upcoming_bookings,
  coalesce(sum(lines.seats - lines.cancelled_seats) filter (where is_ahead), 0)::float8 as upcoming_seats,
  to_json(min(e.starts_at) filter (where is_ahead)) #>> '{}' as next_starts_at
from bookings as b
join events as e on e.id = b.event_id
cross join lateral (
  select count(*) as seats, count(*) filter (where not active) as cancelled_seats, sum(price_cents) as gross_cents,
    coalesce(sum(price_cents) filter (where not active), 0) as cancelled_cents
  from booking_seats where booking_id = b.id
) as lines
cross join lateral (
  select ($2::timestamptz is null or b.created_at >= $2) and ($3::timestamptz is null or b.created_at < $3) as in_range,
    b.status = 'confirmed' and e.status <> 'cancelled' and e.starts_at > clock_timestamp() as is_ahead
) as when_it_is
where b.user_id = $1::uuid
group by b.currency
order by b.currency
