-- Returns deliveries that are due and in nobody's hands: id, endpoint_id. $1 channel, $2 by how many ms they must be late,
-- $3 how many at most, $4 endpoints that are busy on this node, $5 how many of one endpoint, $6 only of this endpoint, or null.
-- Those of a paused webhook are put off to the end of its pause, some at each call, so that nobody looks through them
-- again and again; not while its trial is under way, as they are due as soon as that succeeds.
with paused as (
  select id, paused_until, trial_id from webhooks where paused_until > clock_timestamp() and $1::text = 'webhook'
),
held as (
  update deliveries set next_at = paused.paused_until
  from paused
  where deliveries.id in (
      select d.id from deliveries d join paused p on p.id = d.endpoint_id
      where d.channel = 'webhook' and d.state = 'waiting' and d.next_at <= clock_timestamp() and p.trial_id is null
      limit 500
      for update of d skip locked
    )
    and paused.id = deliveries.endpoint_id
),
due as (
  select id, endpoint_id, next_at from deliveries
  where state in ('waiting', 'sending') and channel = $1::text
    and next_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
    and ($6::uuid is null or endpoint_id = $6)
    and (endpoint_id is null or not endpoint_id = any($4::uuid[]))
    and not exists (select from paused where paused.id = deliveries.endpoint_id)
  order by next_at
  limit 1000
),
placed as (
  select *, row_number() over (partition by endpoint_id order by next_at, id) as place from due
)
select id::text as id, endpoint_id from placed
where endpoint_id is null or place <= $5::integer
order by next_at, placed.id
limit $3
