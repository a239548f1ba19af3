-- Returns nothing. A step could not be taken, or has to wait. $1 step id, $2 attempts: whose lease ran out says nothing
-- any more, $3 reason, $4 again in so many ms, or null: it is dead until somebody looks at it, $5 attempts from now on.
with saga as materialized (
  select hold_id from sagas
  where $4::float8 is null and hold_id = (select hold_id from saga_steps where id = $1::bigint)
  for update
),
step as (
  update saga_steps set
    reason = $3::text, attempts = $5::integer,
    state = case when $4::float8 is null then 'dead' else 'due' end,
    due_at = clock_timestamp() + coalesce($4::float8, 0) * interval '1 millisecond'
  where id = $1::bigint and state = 'due' and attempts = $2::integer
    and ($4::float8 is not null or hold_id in (select hold_id from saga))
  returning hold_id, state
)
update sagas set reason = $3::text, updated_at = clock_timestamp()
where hold_id in (select hold_id from step where state = 'dead')
