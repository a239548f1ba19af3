-- Returns nothing. A delivery that was taken on and not tried: it is due again. $1 id, $2 attempts.
-- A trial of a webhook that was not made is made by whoever comes next.
with released as (
  update deliveries set state = 'waiting', attempts = attempts - 1, next_at = clock_timestamp()
  where id = $1::bigint and state = 'sending' and attempts = $2::integer
  returning id
)
update webhooks set paused_until = clock_timestamp(), trial_id = null
where trial_id in (select id from released)
