-- Returns hold_id if the dead step of a saga ($1 hold id) is due again by this call. $2 actor id, $3 session id, $4 request id.
with saga as materialized (
  select hold_id, event_id, booking_id from sagas where hold_id = $1::text for update
),
step as (
  update saga_steps set state = 'due', attempts = 0, due_at = clock_timestamp()
  where hold_id in (select hold_id from saga) and state = 'dead'
  returning hold_id, kind
),
cleared as (
  update sagas set reason = '', updated_at = clock_timestamp() where hold_id in (select hold_id from step)
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, details)
  select 'payment-retried', event_id, booking_id, $2::uuid, $3::text, $4::text,
    jsonb_build_object('holdId', saga.hold_id, 'step', step.kind)
  from step join saga on saga.hold_id = step.hold_id
)
select hold_id from step
