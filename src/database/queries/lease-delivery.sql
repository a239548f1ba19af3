-- Returns the delivery if this call took it on: its columns, and age_ms. $1 id, $2 for how many ms.
-- When the pause of a webhook is over one delivery tries it, and the pause goes on for the others meanwhile: only once the
-- delivery is ours, or a trial could be begun that nobody makes.
with mine as materialized (
  select id, channel, endpoint_id from deliveries
  where id = $1::bigint and state in ('waiting', 'sending') and next_at <= clock_timestamp()
  for update skip locked
),
trial as (
  update webhooks set trial_id = $1::bigint, paused_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
  where paused_until <= clock_timestamp() and id = (select endpoint_id from mine where channel = 'webhook')
  returning id
),
taken as (
  update deliveries as d set
    state = 'sending', attempts = attempts + 1,
    next_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
  from mine
  where d.id = mine.id
    and (
      mine.channel <> 'webhook'
      or exists (select from webhooks w where w.id = mine.endpoint_id and w.paused_until is null)
      or mine.endpoint_id in (select id from trial)
    )
  returning d.*
)
select id::text as id, source, channel, endpoint_id, user_id, event_id, target, kind, payload, attempts,
  extract(epoch from clock_timestamp() - due_since)::float8 * 1000 as age_ms
from taken
