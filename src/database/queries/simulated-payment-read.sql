-- Returns at most one row: the payment. due: it was pending, and its time has come.
-- $1 payment id.
select id, state, version, amount_cents::float8 as amount_cents, currency, method, hold_id, event_id, user_id,
  decline_code, refunded_cents::float8 as refunded_cents, faults,
  coalesce(settles_at <= clock_timestamp(), false) as due, settles_as
from simulated_payments
where id = $1::text
