-- Returns one row: taken (how many alerts), sent, missed, rooms (what to tell rooms, JSON), outbox_id (by which that is
-- told again), made (the notifications of ticket holders, JSON).
-- $1 since how many ms alerts must be due. It takes 200 of them at most, and 5,000 holders: written here, so that
-- PostgreSQL knows that they are few when it plans.
--
-- One statement is one transaction: alerts are sent if and only if their holders have a notification, whatever becomes of
-- the node. Alerts that another node is about to claim, or that a new start is about to drop, are left out. Those whose
-- holders are more than that go on waiting, their rooms told, and the next call takes the holders that are left.
--
-- Late by more than half its lead, or by ten minutes, an alert is none for rooms any more; holders find it, marked as
-- late, unless the event has begun.
with due as materialized (
  select event_id, lead_minutes, starts_at, due_at, is_room_told
  from alerts
  where state = 'waiting' and due_at <= statement_timestamp() - $1::float8 * interval '1 millisecond'
  order by due_at
  limit 200
  for update skip locked
),
-- Looked up row by row, by key (hence the limit).
judged as materialized (
  select due.*, e.title, e.time_zone, e.venue_id, e.alert_leads @> to_jsonb(due.lead_minutes) as is_of_event,
    coalesce(e.status in ('published', 'completed') and e.starts_at = due.starts_at, false) as is_planned,
    coalesce(e.status = 'published' and e.starts_at = due.starts_at, false)
      and due.starts_at > statement_timestamp() as is_live,
    statement_timestamp() - due_at > least(lead_minutes * interval '30 seconds', interval '10 minutes') as is_late,
    'starting-soon:' || due.event_id || ':' || lead_minutes || ':' || wire_instant(due.starts_at) as key,
    row_number() over (order by due_at, event_id, lead_minutes) as place
  from due
  left join lateral (
    select title, time_zone, venue_id, alert_leads, status, starts_at from events where id = due.event_id limit 1
  ) as e on true
),
holders as materialized (
  select place, holder.*, row_number() over (order by place, user_id) as turn
  from judged
  cross join lateral (
    select distinct b.user_id, u.time_zone as user_zone, u.is_socket
    from bookings as b
    cross join lateral (
      select time_zone, coalesce((alerts #>> '{channels,socket}')::boolean, true) as is_socket
      from users
      where id = b.user_id and disabled_at is null and alerts -> 'leadMinutes' @> to_jsonb(judged.lead_minutes)
      limit 1
    ) as u
    left join lateral (
      select true as is_told from notifications as n where n.user_id = b.user_id and n.key = judged.key limit 1
    ) as found on judged.is_room_told
    where b.event_id = judged.event_id and b.status = 'confirmed'
      -- Who booked after the lead had passed has come too late for it.
      and b.created_at < judged.due_at
      and is_told is null
  ) as holder
  where is_live
  order by place, user_id
  limit 5000
),
ended as (
  update alerts set is_room_told = true, state = each.state
  from (
    select event_id, lead_minutes, starts_at, case
      when not is_planned then 'dropped'
      when not is_live then 'missed'
      when place >= (select place from holders where turn = 5000) then 'waiting'
      when is_late and not is_room_told then 'missed'
      else 'sent'
    end as state
    from judged
  ) as each
  where alerts.event_id = each.event_id and alerts.lead_minutes = each.lead_minutes
    and alerts.starts_at = each.starts_at
  returning alerts.state
),
rooms as materialized (
  select jsonb_build_object('eventId', event_id, 'title', title, 'startsAt', wire_instant(starts_at),
    'leadMinutes', lead_minutes, 'timeZone', time_zone, 'venueId', venue_id) as room
  from judged
  where is_live and is_of_event and not is_late and not is_room_told
  order by place
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'alerts-due', 'alerts-' || new_id(), jsonb_build_object('rooms', jsonb_agg(room)),
    clock_timestamp() + interval '3 seconds'
  from rooms having count(*) > 0
  returning id
),
lists as (
  select array_agg(user_id) as users, array_agg('starting-soon'::text) as kinds, array_agg(key) as keys,
    array_agg(event_id) as events,
    array_agg(jsonb_build_object('title', title, 'startsAt', wire_instant(starts_at), 'timeZone', time_zone,
      'leadMinutes', lead_minutes, 'late', is_late)) as payloads
  from holders join judged using (place)
),
made as materialized (
  select made.*, user_zone, is_socket
  from lists cross join lateral make_notifications(users, kinds, keys, events, payloads) as made
  join (select judged.key, user_id, user_zone, is_socket from holders join judged using (place)) as reader
    on reader.user_id = made.user_id and reader.key = made.key
)
select (select count(*) from due)::integer as taken,
  (select count(*) from ended where state = 'sent')::integer as sent,
  (select count(*) from ended where state = 'missed')::integer as missed,
  coalesce((select jsonb_agg(room) from rooms), '[]') as rooms,
  (select id::text from told) as outbox_id,
  coalesce((
    select json_agg(json_build_object('id', id, 'user_id', user_id, 'kind', kind, 'event_id', event_id,
      'payload', payload, 'created_at', wire_instant(created_at), 'outbox_id', outbox_id::text,
      'time_zone', user_zone, 'is_socket', is_socket))
    from made
  ), '[]') as made
