-- Returns changed, outbox_id: whether this call ended the step (twice is once), and what the buyer has to be told.
-- $1 step id, $2 state of the saga from now on (null: as it is), $3 payment id or null, $4 reason (null: as it is),
-- $5 next step or null, $6 its amount in cents, $7 due in so many ms, $8 cents that were given back by now (null: as they are).
-- The saga is locked before its steps, here as everywhere, so that two of these cannot wait for each other.
with before as materialized (
  select hold_id, state from sagas
  where hold_id = (select hold_id from saga_steps where id = $1::bigint)
  for update
),
step as (
  update saga_steps set state = 'done', ended_at = clock_timestamp(), reason = coalesce(nullif($4::text, ''), reason)
  where id = $1::bigint and state = 'due' and hold_id in (select hold_id from before)
  returning hold_id, kind
),
-- Seats were cancelled meanwhile: more of the money goes back.
refunds as (
  select from saga_steps later
  where later.hold_id in (select hold_id from step) and later.kind = 'refund' and later.state = 'due' and later.id > $1::bigint
),
saga as (
  update sagas set
    state = case when $2::text = 'captured' and exists (select from refunds) then 'refunding' else coalesce($2::text, state) end, payment_id = coalesce($3::text, payment_id), reason = coalesce($4::text, reason),
    refunded_cents = coalesce($8::bigint, refunded_cents), updated_at = clock_timestamp()
  where hold_id in (select hold_id from step)
  returning hold_id, event_id, user_id, booking_id, state, reason, amount_cents, refunded_cents
),
next as (
  insert into saga_steps (hold_id, kind, amount_cents, due_at)
  select hold_id, $5::text, $6::bigint, clock_timestamp() + $7::float8 * interval '1 millisecond'
  from saga where $5::text is not null
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, details)
  select 'payment-' || saga.state, saga.event_id, saga.booking_id, null,
    jsonb_build_object('holdId', saga.hold_id, 'userId', saga.user_id, 'step', step.kind, 'reason', saga.reason,
      'amountCents', saga.amount_cents, 'refundedCents', saga.refunded_cents)
  from saga, step
),
-- The way there is nobody's business, nor that a declined payment was tidied away.
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'payment-changed', 'payment-' || hold_id, jsonb_build_object('holdId', hold_id),
    clock_timestamp() + interval '3 seconds'
  from saga
  where $2::text is not null and state in ('authorised', 'declined', 'captured', 'voided', 'refunded')
    and not exists (select from before where before.state = 'declined')
  returning id
)
select exists (select from step) as changed, (select id::text from told) as outbox_id
