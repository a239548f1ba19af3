-- Returns the events that were completed by this call. $1 how many at most, $2 a reason for the audit log.
-- Whichever node comes first: what another one is completing is left to it.
with due as materialized (
  select id from events
  where status = 'published' and ends_at <= clock_timestamp()
  order by ends_at
  limit $1
  for update skip locked
),
changed as (
  update events set status = 'completed', updated_at = clock_timestamp()
  where id in (select id from due)
  returning id
),
noted as (
  insert into audit (action, event_id, details)
  select 'event-completed', id, jsonb_build_object('reason', $2::text) from changed
)
select id from changed
