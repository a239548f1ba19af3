-- Returns one row (id) if the payment was still at its version, none if another call was faster.
-- $1 payment id, $2 version, $3 state, $4 method or null, $5 decline code or null, $6 refunded cents, $7 faults so far,
-- $8 settles in ms or null, $9 settles as or null, $10 key, $11 operation, $12 fingerprint, $13 cents moved.
-- A null $10 leaves the key unused: nothing was done but to count a fault. A key that is known raises 23505, and so
-- undoes the change: of two calls under one key one has an effect.
with changed as (
  update simulated_payments
  set state = $3::text, version = version + 1, method = coalesce($4::text, method), decline_code = $5::text,
    refunded_cents = $6::bigint, faults = $7::integer,
    settles_at = clock_timestamp() + $8::float8 * interval '1 millisecond', settles_as = $9::text,
    updated_at = clock_timestamp()
  where id = $1::text and version = $2::integer
  returning id
),
call as (
  insert into simulated_payment_calls (key, operation, payment_id, fingerprint, amount_cents, at)
  select $10::text, $11::text, id, $12::text, $13::bigint, clock_timestamp()
  from changed
  where $10::text is not null
)
select id from changed
