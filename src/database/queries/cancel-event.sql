-- Returns one row: status before (null: no such event), outbox_id (null: nothing has to follow).
-- $1 event id, $2 actor id, $3 session id, $4 request id, $5 reason. What is completed stays as it is.
-- From here on no confirm of this event succeeds. Its bookings are cancelled afterwards, in batches, by the
-- outbox: whichever node lives.
with before as materialized (
  select id, status, published_at from events where id = $1::uuid for update
),
changed as (
  update events set status = 'cancelled', updated_at = clock_timestamp()
  where id in (select id from before where status not in ('cancelled', 'completed'))
  returning id
),
noted as (
  insert into audit (action, event_id, actor_id, session_id, request_id, details)
  select 'event-cancelled', id, $2::uuid, $3::text, $4::text, jsonb_build_object('reason', $5::text) from changed
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'event-cancelled', id::text,
    jsonb_build_object('eventId', id, 'actorId', $2::uuid, 'sessionId', $3::text, 'requestId', $4::text, 'reason', $5::text),
    -- Whoever cancelled begins at once; the others go on if it has not finished by then.
    clock_timestamp() + interval '4 seconds'
  from before
  where published_at is not null and status <> 'completed' and (
    exists (select from changed)
    or exists (select from bookings where event_id = $1::uuid and status = 'confirmed')
  )
  returning id
)
select (select status from before) as status, (select id::text from told) as outbox_id
