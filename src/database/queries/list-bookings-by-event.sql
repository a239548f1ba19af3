-- Returns a buyer's bookings with their seats, as list-bookings does, also by what is known of their events; and place, the
-- start of the event as it is written in a cursor.
-- $1 user id, $2 event id or null,
-- $3 status or null, $4 made at or after, or null, $5 made before, or null, $6 id to go on after or null,
-- $7 whether the newest or latest is first, $8 limit, $9 whether by the start of the event and not by when it was booked,
-- $10 only of events that are over, or that are not, or null, $11 by the start: the start to go on after, or null.
-- A buyer has few bookings: all of them are looked at. A page goes on where the last booking of the one before stood then,
-- wherever its event has been moved since.
with standing as materialized (
  select b.id, b.status, b.created_at, b.event_id, ends_at <= now() as is_over,
    case when $9::boolean then starts_at else 'epoch' end as at
  from bookings as b join events on events.id = b.event_id
  where user_id = $1
),
page as (
  select id, at from standing
  where ($2::uuid is null or event_id = $2)
    and ($3::text is null or status = $3)
    and ($4::timestamptz is null or created_at >= $4)
    and ($5::timestamptz is null or created_at < $5)
    and ($10::boolean is null or is_over = $10)
    and ($6::uuid is null or case when $7::boolean
      then (at, id) < (coalesce($11::timestamptz, 'epoch'), $6)
      else (at, id) > (coalesce($11::timestamptz, 'epoch'), $6) end)
  order by case when $7 then at end desc, case when $7 then id end desc, at, id
  limit $8
)
select booking_details.*, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place
from page join booking_details using (id)
order by case when $7 then at end desc, case when $7 then id end desc, at, id
