-- Returns the notifications that were made: id, user_id, kind, event_id, payload, created_at, outbox_id (see
-- `make_notifications`), for so many ticket holders of an event who have none yet under the key; fewer than asked for:
-- those were the last.
-- $1 event id, $2 kind, $3 key, $4 start before or null, $5 start after or null, $6 when the event was changed: who
-- booked later knows, and whose booking was cancelled by it still is to be told, $7 how many at most.
with holders as materialized (
  select distinct bookings.user_id
  from bookings
  left join lateral (
    select true as is_there from notifications as n where n.user_id = bookings.user_id and n.key = $3::text limit 1
  ) as found on true
  where event_id = $1::uuid and created_at <= $6::timestamptz
    and (status = 'confirmed' or cancelled_at >= $6::timestamptz)
    and is_there is null
  order by 1
  limit $7
),
facts as (
  select jsonb_build_object('title', title, 'timeZone', time_zone) || case $2::text
    when 'event-cancelled' then jsonb_build_object(
      'startsAt', wire_instant(starts_at),
      'reason', coalesce((
        select details ->> 'reason' from audit
        where event_id = $1::uuid and action = 'event-cancelled' order by at desc, id desc limit 1
      ), '')
    )
    else jsonb_build_object(
      'before', wire_instant($4::timestamptz), 'after', wire_instant($5::timestamptz)
    )
  end as payload
  from events where id = $1::uuid
),
lists as (
  select array_agg(user_id) as users, array_agg($2::text) as kinds, array_agg($3::text) as keys,
    array_agg($1::uuid) as events, array_agg(payload) as payloads
  from holders cross join facts
)
select made.id, made.user_id, made.kind, made.event_id, made.payload, wire_instant(made.created_at) as created_at,
  made.outbox_id::text as outbox_id
from lists cross join lateral make_notifications(users, kinds, keys, events, payloads) as made
order by made.id
