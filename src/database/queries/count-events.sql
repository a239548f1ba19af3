-- Returns starting (public events that start in a range) and on_sale (those that can be booked now).
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included).
select count(*) filter (
    where starts_at >= $3::timestamptz and starts_at < $4::timestamptz and status <> 'cancelled'
  )::integer as starting,
  count(*) filter (where status = 'published' and sell_mode = 'online'
    and (sales_start_at is null or sales_start_at <= clock_timestamp())
    and least(starts_at, sales_end_at) > clock_timestamp()
  )::integer as on_sale
from events
where published_at is not null and ($1::uuid is null or organizer_id = $1) and ($2::uuid is null or id = $2)
