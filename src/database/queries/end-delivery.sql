-- Returns id if the delivery is sent by this call. $1 id, $2 attempts: whose lease ran out says nothing any more.
-- A webhook that takes something is well again; it is written only where that is news, or once in ten seconds.
with ended as (
  update deliveries set state = 'sent', sent_at = clock_timestamp(), last_error = ''
  where id = $1::bigint and state = 'sending' and attempts = $2::integer
  returning id, channel, endpoint_id
),
healed as (
  update webhooks set failures = 0, pauses = 0, paused_until = null, trial_id = null, last_error = '',
    last_sent_at = clock_timestamp()
  where id in (select endpoint_id from ended where channel = 'webhook')
    and (failures > 0 or paused_until is not null or last_error <> '' or last_sent_at is null
      or last_sent_at < clock_timestamp() - interval '10 seconds')
)
select id::text as id from ended
