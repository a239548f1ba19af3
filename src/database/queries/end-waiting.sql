-- Returns a row for each channel with deliveries that this call ended: channel, ended. Those that wait and that nobody sends
-- any more are dead: their webhook is off or deleted, or they are older than $1 ms, for which $2 is the reason, also those of
-- a channel that is not configured on any node. $3 how many at most. No webhook has failed by it.
with over as (
  select d.id, w.id is not null as is_off
  from deliveries d
  left join webhooks w
    on d.channel = 'webhook' and w.id = d.endpoint_id and (w.deleted_at is not null or not w.is_active)
  where d.state in ('waiting', 'sending')
    and (d.state = 'waiting' or d.next_at <= clock_timestamp())
    and (w.id is not null or d.due_since < clock_timestamp() - $1::float8 * interval '1 millisecond')
  limit $3::integer
  for update of d skip locked
),
ended as (
  update deliveries set state = 'dead',
    last_error = case when over.is_off then 'the webhook is off, or deleted' else $2::text end
  from over
  where deliveries.id = over.id
  returning deliveries.channel
)
select channel, count(*)::integer as ended from ended group by channel
