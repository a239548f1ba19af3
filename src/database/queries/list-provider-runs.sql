-- Returns the last runs, the latest first.
-- $1 limit.
select id::text as id, state, asked_by, to_json(started_at) #>> '{}' as started_at,
  to_json(ended_at) #>> '{}' as ended_at,
  (extract(epoch from ended_at - started_at) * 1000)::integer as duration_ms,
  attempts, bytes, circuit, code, error, counts, spoiled
from provider_runs
order by provider_runs.id desc
limit $1
