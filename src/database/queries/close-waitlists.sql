-- Returns the entries that were closed by this call: event_id, outbox_id, payload. $1 how many at most.
-- Redis ends a waitlist with the sale. This is for events that nobody has asked Redis for since it lost its data.
-- Events with live entries are found one after the other in the index, however many wait for each.
with recursive live (event_id) as (
  (select event_id from waitlist_entries where state in ('waiting', 'offered') order by event_id limit 1)
  union all
  select (
    select e.event_id from waitlist_entries e
    where e.state in ('waiting', 'offered') and e.event_id > live.event_id order by e.event_id limit 1
  )
  from live
  where live.event_id is not null
),
over as materialized (
  select v.id,
    case when v.status = 'cancelled' then 'event-cancelled' when v.starts_at <= clock_timestamp() then 'event-started'
      else 'sale-ended' end as reason
  from live join events v on v.id = live.event_id
  where v.status <> 'published' or v.closes_at < clock_timestamp() - interval '30 seconds'
),
due as materialized (
  select e.id, over.reason
  from waitlist_entries e join over on over.id = e.event_id
  where e.state in ('waiting', 'offered')
  order by e.id
  limit $1
  for update of e skip locked
),
ended as (
  update waitlist_entries e set state = 'closed', reason = due.reason, ended_at = clock_timestamp()
  from due where due.id = e.id and e.state in ('waiting', 'offered')
  returning e.id, e.event_id, e.user_id, e.skipped, e.reason
),
revoked as (
  update waitlist_offers set state = 'revoked', ended_at = clock_timestamp()
  where entry_id in (select id from ended) and state = 'live'
),
noted as (
  insert into audit (action, event_id, details)
  select 'waitlist-closed', event_id, jsonb_build_object('entryId', id, 'userId', user_id, 'state', 'closed', 'reason', reason)
  from ended
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'waitlist-told', id::text, jsonb_build_object('kind', 'closed', 'state', 'closed', 'eventId', event_id,
    'entryId', id, 'userId', user_id, 'skipped', skipped, 'reason', reason), clock_timestamp() + interval '3 seconds'
  from ended
  returning id, payload
)
select (payload ->> 'eventId')::uuid as event_id, id::text as outbox_id, payload from told
