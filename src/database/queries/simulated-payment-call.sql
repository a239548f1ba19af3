-- Returns at most one row: what was done under a key.
-- $1 key.
select operation, payment_id, fingerprint from simulated_payment_calls where key = $1::text
