-- Returns booking_id, kind of the dead step of a saga ($1 hold id) that is given up by this call, or no row.
-- $2 actor id, $3 session id, $4 request id.
-- A capture that is given up: the money is let go of, and nothing is left to give back.
with dead as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id = $1::text and state = 'dead'
  returning hold_id, kind
),
later as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id in (select hold_id from dead where kind = 'capture') and state = 'due'
),
saga as (
  update sagas set state = case when dead.kind = 'capture' then 'voiding' else state end, updated_at = clock_timestamp()
  from dead where sagas.hold_id = dead.hold_id
  returning sagas.hold_id, event_id, booking_id, dead.kind
),
letting_go as (
  insert into saga_steps (hold_id, kind) select hold_id, 'void' from saga where kind = 'capture'
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, details)
  select 'payment-abandoned', event_id, booking_id, $2::uuid, $3::text, $4::text,
    jsonb_build_object('holdId', hold_id, 'step', kind)
  from saga
)
select booking_id, kind from saga
