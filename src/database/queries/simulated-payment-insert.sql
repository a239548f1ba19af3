-- Returns one row (id) if the payment is new, none if the key is known.
-- $1 key, $2 fingerprint of the call, $3 id, $4 cents, $5 currency, $6 method or null, $7 hold id, $8 event id, $9 user id.
with call as (
  insert into simulated_payment_calls (key, operation, payment_id, fingerprint, amount_cents, at)
  values ($1::text, 'start', $3::text, $2::text, $4::bigint, clock_timestamp())
  on conflict (key) do nothing
  returning payment_id
)
insert into simulated_payments (id, state, amount_cents, currency, method, hold_id, event_id, user_id, created_at, updated_at)
select payment_id, case when $6::text is null then 'pending' else 'created' end,
  $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::text, clock_timestamp(), clock_timestamp()
from call
returning id
