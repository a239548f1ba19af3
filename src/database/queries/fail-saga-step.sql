-- Returns nothing. A step could not be taken. $1 step id, $2 reason, $3 again in so many ms, or null: it is dead until
-- somebody looks at it.
with step as (
  update saga_steps set
    reason = $2::text,
    state = case when $3::float8 is null then 'dead' else 'due' end,
    due_at = clock_timestamp() + coalesce($3::float8, 0) * interval '1 millisecond'
  where id = $1::bigint and state = 'due'
  returning hold_id
)
update sagas set reason = $2::text, updated_at = clock_timestamp() where hold_id in (select hold_id from step)
