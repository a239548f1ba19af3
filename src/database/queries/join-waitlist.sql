-- Returns the entry that was made, with the id of what has to follow; none if there is a live one of this event, user and
-- category already.
-- $1 id, $2 event id, $3 user id, $4 category or null, $5 quantity, $6 together, $7 session id, $8 request id.
with made as (
  insert into waitlist_entries (id, event_id, user_id, category, quantity, together, request_id, queued_at, queue_order)
  select $1::uuid, $2::uuid, $3::uuid, $4::text, $5::integer, $6::boolean, $8::text, moment.at,
    900000000000000 + floor(extract(epoch from moment.at) * 1000)::bigint
  from (select clock_timestamp() as at) as moment
  on conflict (event_id, user_id, coalesce(category, '')) where state in ('waiting', 'offered') do nothing
  returning *
),
noted as (
  insert into audit (action, event_id, actor_id, session_id, request_id, details)
  select 'waitlist-joined', event_id, user_id, $7::text, $8::text,
    jsonb_build_object('entryId', id, 'quantity', quantity, 'category', category, 'together', together)
  from made
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'waitlist-joined', id::text, jsonb_build_object('entryId', id), clock_timestamp() + interval '3 seconds'
  from made
  returning id
)
select made.id, made.event_id, made.user_id, made.category, made.quantity, made.together, made.queue_order, made.skipped,
  made.passes, made.state, made.version, made.request_id, made.priority,
  to_json(made.created_at) #>> '{}' as created_at, to_json(made.ended_at) #>> '{}' as ended_at,
  told.id::text as outbox_id
from made, told
