-- Returns the id of a new run. Runs whose node must have died are ended, and the oldest forgotten.
-- $1 who asked for it, or null: the schedule; $2 after how many ms a run must have died, $3 how many are kept.
with abandoned as (
  update provider_runs set state = 'failed', ended_at = clock_timestamp(), code = 'stopped',
    error = 'the node that did it is gone'
  where state = 'running' and started_at < clock_timestamp() - $2::float8 * interval '1 ms'
), forgotten as (
  delete from provider_runs
  where state <> 'running' and id <= (select max(id) from provider_runs) - $3::bigint
)
insert into provider_runs (state, asked_by) values ('running', $1::uuid) returning id::text as id
