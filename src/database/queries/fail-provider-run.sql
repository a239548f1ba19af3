-- Returns nothing. A run ends without having changed anything.
-- $1 run id, $2 code, $3 why, $4 attempts, $5 bytes, $6 state of the circuit, $7 what was counted (JSON) or null,
-- $8 spoiled entries (JSON).
update provider_runs set state = 'failed', ended_at = clock_timestamp(), code = $2, error = $3, attempts = $4, bytes = $5,
  circuit = $6, counts = $7::jsonb, spoiled = $8::jsonb
where id = $1::bigint and state = 'running'
