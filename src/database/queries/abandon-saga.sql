-- Returns booking_id, outbox_id if the dead step of a saga ($1 hold id) is given up by this call, or no row. outbox_id:
-- the booking has to be cancelled. $2 actor id, $3 session id, $4 request id, $5 reason.
-- A capture that is given up: the money is let go of, and nothing is left to give back.
with before as materialized (
  select hold_id from sagas where hold_id = $1::text for update
),
dead as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id in (select hold_id from before) and state = 'dead'
  returning hold_id, kind
),
later as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id in (select hold_id from dead where kind = 'capture') and state = 'due'
),
saga as (
  update sagas set
    state = case when dead.kind = 'capture' then 'voiding' else state end, updated_at = clock_timestamp()
  from dead where sagas.hold_id = dead.hold_id
  returning sagas.hold_id, event_id, booking_id, dead.kind
),
letting_go as (
  insert into saga_steps (hold_id, kind) select hold_id, 'void' from saga where kind = 'capture'
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, details)
  select 'payment-abandoned', event_id, booking_id, $2::uuid, $3::text, $4::text,
    jsonb_build_object('holdId', hold_id, 'step', kind, 'reason', $5::text)
  from saga
),
-- Whoever gives it up cancels the booking at once; the others only if it has not by then.
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'payment-abandoned', booking_id::text,
    jsonb_build_object('bookingId', booking_id, 'actorId', $2::uuid, 'sessionId', $3::text, 'requestId', $4::text,
      'reason', $5::text),
    clock_timestamp() + interval '3 seconds'
  from saga
  where kind = 'capture' and booking_id is not null
  returning id
)
select booking_id, (select id::text from told) as outbox_id from saga
