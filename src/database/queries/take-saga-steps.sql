-- Returns steps that are due, with their sagas, and leases them. $1 lease in ms, $2 how many, $3 hold id or null for any.
-- Of each saga only the first step that has not ended is given, so its steps are taken in order.
with due as (
  select id from saga_steps as step
  where state = 'due' and due_at <= clock_timestamp() and ($3::text is null or hold_id = $3)
    and not exists (
      select from saga_steps as earlier
      where earlier.hold_id = step.hold_id and earlier.id < step.id and earlier.state in ('due', 'dead')
    )
  order by due_at
  limit $2
  for update skip locked
),
taken as (
  update saga_steps set attempts = attempts + 1, due_at = clock_timestamp() + $1::float8 * interval '1 millisecond'
  where id in (select id from due)
  returning id, hold_id, kind, amount_cents, attempts, created_at
)
select taken.id::text as id, taken.kind, taken.amount_cents::float8 as step_cents, taken.attempts,
  sagas.hold_id, event_id, user_id, booking_id, payment_id, method, attempt, seats,
  sagas.amount_cents::float8 as amount_cents, currency, state,
  extract(epoch from clock_timestamp() - sagas.created_at)::float8 * 1000 as age_ms,
  extract(epoch from clock_timestamp() - taken.created_at)::float8 * 1000 as step_age_ms
from taken join sagas on sagas.hold_id = taken.hold_id
