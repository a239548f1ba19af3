-- Returns state, method, is_mine: the payment of a hold as it is now, its method ('': the buyer gives one to the provider),
-- and whether it is this buyer's. is_mine is null when somebody else has opened it since this statement began: ask again.
-- $1 hold id, $2 event id, $3 user id, $4 provider, $5 method, $6 seats, $7 amount in cents, $8 currency.
-- Writes the first step before it is taken. A payment that was declined is tried again, with another method; one
-- that waits for the buyer to give a method takes the one that comes here; one that was let go of is made anew.
with opened as (
  insert into sagas (hold_id, event_id, user_id, provider, method, seats, amount_cents, currency, state)
  values ($1::text, $2::uuid, $3::uuid, $4::text, $5::text, $6::integer[], $7::bigint, $8::text, 'starting')
  on conflict (hold_id) do update set
    state = case when sagas.payment_id is null or sagas.state = 'voided' then 'starting' else 'started' end,
    payment_id = case when sagas.state = 'voided' then null else sagas.payment_id end,
    attempt = sagas.attempt + 1, method = excluded.method, reason = '', updated_at = clock_timestamp()
  where sagas.user_id = excluded.user_id and sagas.booking_id is null
    and (
      sagas.state in ('declined', 'voided')
      or (sagas.state = 'pending' and sagas.method = '' and excluded.method <> '')
    )
    -- Declined since this statement began: what would let go of it cannot be seen, nor dropped. That is an answer too.
    and (
      sagas.state = 'voided' or sagas.payment_id is null
      or exists (
        select from saga_steps step
        where step.hold_id = sagas.hold_id and step.state in ('due', 'dead')
          and kind = case when sagas.state = 'pending' then 'authorise' else 'void' end
      )
    )
  returning hold_id, state, method, user_id, payment_id
),
-- What would have let go of the declined payment, or looked at the one that waits.
dropped as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id in (select hold_id from opened) and state in ('due', 'dead')
),
step as (
  insert into saga_steps (hold_id, kind)
  select hold_id, case when payment_id is null then 'start' else 'authorise' end from opened
)
select coalesce(opened.state, before.state) as state, coalesce(opened.method, before.method) as method,
  coalesce(opened.user_id, before.user_id) = $3::uuid as is_mine
from (select 1) as one
left join opened on true
left join sagas as before on before.hold_id = $1::text
