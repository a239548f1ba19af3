-- Returns the delivery if this call ended its attempt: state, and of a webhook failures and is_paused.
-- $1 id, $2 attempts: whose lease ran out says nothing any more, $3 reason, $4 again in so many ms, or null: it is dead,
-- $5 after how many failures in a row a webhook pauses, $6 for how many ms at first, $7 and at most, twice as long each
-- time, $8 whether the endpoint wants nothing more, $9 whether it was not asked: then a webhook has not failed, and a trial
-- is for whoever comes next. Failures of a paused webhook but for its trial prolong nothing.
with failed as (
  update deliveries set
    state = case when $4::float8 is null then 'dead' else 'waiting' end,
    next_at = clock_timestamp() + coalesce($4::float8, 0) * interval '1 millisecond',
    last_error = $3::text
  where id = $1::bigint and state = 'sending' and attempts = $2::integer
  returning id, state, channel, endpoint_id
),
judged as (
  select w.id, failed.id as delivery_id,
    (w.paused_until is null and w.failures + 1 >= $5::integer) or w.trial_id is not distinct from failed.id as begins
  from failed join webhooks w on w.id = failed.endpoint_id
  where failed.channel = 'webhook' and not $9::boolean
  for update of w
),
hurt as (
  update webhooks w set
    failures = w.failures + 1,
    last_error = $3::text,
    is_active = w.is_active and not $8::boolean,
    trial_id = case when w.trial_id = judged.delivery_id then null else w.trial_id end,
    pauses = w.pauses + judged.begins::integer,
    paused_until = case
      when judged.begins then clock_timestamp()
        + least($6::float8 * power(2, least(w.pauses, 20)), $7::float8) * interval '1 millisecond'
      else w.paused_until
    end
  from judged
  where w.id = judged.id
  returning w.id, w.user_id, w.failures, w.pauses, w.paused_until, w.is_active, judged.begins
),
handed_back as (
  update webhooks set paused_until = clock_timestamp(), trial_id = null
  where $9::boolean and trial_id in (select id from failed where channel = 'webhook')
),
noted as (
  insert into audit (action, details)
  select case when $8::boolean then 'webhook-gone' else 'webhook-paused' end,
    jsonb_build_object('webhookId', id, 'userId', user_id, 'reason', $3::text)
  from hurt
  where (begins and pauses = 1) or $8::boolean
)
select failed.state, hurt.failures, hurt.paused_until is not null as is_paused
from failed left join hurt on hurt.id = failed.endpoint_id
