-- Returns the notifications that were made: id, user_id, kind, event_id, payload, created_at, outbox_id (see
-- `make_notifications`), for so many of those an event matters to who have none yet under the key, its ticket holders and
-- who waits for seats; fewer than asked for: those were the last. A cancelled event tells who waits by closing its waitlist.
-- $1 event id, $2 kind, $3 key, $4 start before or null, $5 start after or null, $6 when the event was changed: who
-- booked later knows, and whose booking was cancelled by it still is to be told, $7 how many at most.
with concerned as (
  select user_id, 'holder' as role
  from bookings
  where event_id = $1::uuid and created_at <= $6::timestamptz
    and (status = 'confirmed' or cancelled_at >= $6::timestamptz)
  union all
  -- Who has taken an offer since is about to buy what they may not have heard of.
  select user_id, case state when 'accepted' then 'holder' else 'waiting' end
  from waitlist_entries
  where event_id = $1::uuid and created_at <= $6::timestamptz and $2::text = 'event-rescheduled'
    and (state in ('waiting', 'offered') or state = 'accepted' and ended_at >= $6::timestamptz)
),
readers as materialized (
  select concerned.user_id, bool_or(role = 'holder') as holds
  from concerned
  left join lateral (
    select true as is_there from notifications as n where n.user_id = concerned.user_id and n.key = $3::text limit 1
  ) as found on true
  where is_there is null
  group by 1
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
    array_agg($1::uuid) as events,
    array_agg(case when holds then payload else payload || '{"waiting": true}' end) as payloads
  from readers cross join facts
)
select made.id, made.user_id, made.kind, made.event_id, made.payload, wire_instant(made.created_at) as created_at,
  made.outbox_id::text as outbox_id
from lists cross join lateral make_notifications(users, kinds, keys, events, payloads) as made
order by made.id
