-- Returns state, is_mine: the payment of a hold as it is now, and whether it is this buyer's.
-- $1 hold id, $2 event id, $3 user id, $4 provider, $5 method, $6 seats, $7 amount in cents, $8 currency.
-- Writes the first step before it is taken. A payment that was declined is tried again, with another method.
with opened as (
  insert into sagas (hold_id, event_id, user_id, provider, method, seats, amount_cents, currency, state)
  values ($1::text, $2::uuid, $3::uuid, $4::text, $5::text, $6::integer[], $7::bigint, $8::text, 'starting')
  on conflict (hold_id) do update set
    state = case when sagas.payment_id is null then 'starting' else 'started' end,
    attempt = sagas.attempt + 1, method = excluded.method, reason = '', updated_at = clock_timestamp()
  where sagas.state = 'declined' and sagas.user_id = excluded.user_id
  returning hold_id, state, user_id, payment_id
),
step as (
  insert into saga_steps (hold_id, kind)
  select hold_id, case when payment_id is null then 'start' else 'authorise' end from opened
)
select coalesce(opened.state, before.state) as state,
  coalesce(opened.user_id, before.user_id) = $3::uuid as is_mine
from (select 1) as one
left join opened on true
left join sagas as before on before.hold_id = $1::text
