-- Returns the deliveries that are due again by this call: id, channel, endpoint_id. $1 id or null: one that was sent or is
-- dead, $2 endpoint or null: those of it that are dead, the oldest, $3 how many at most, $4 only of this endpoint, or null,
-- $5 actor id, $6 session id, $7 request id.
with chosen as (
  select id from deliveries
  where ($1::bigint is not null and id = $1 and state in ('sent', 'dead')
      or $2::uuid is not null and endpoint_id = $2 and state = 'dead')
    and ($4::uuid is null or endpoint_id = $4)
  order by id
  limit $3
  for update
),
again as (
  update deliveries set state = 'waiting', attempts = 0, next_at = clock_timestamp(), due_since = clock_timestamp(),
    last_error = '', sent_at = null
  where id in (select id from chosen)
  returning id, channel, endpoint_id
),
noted as (
  insert into audit (action, actor_id, session_id, request_id, details)
  select 'deliveries-retried', $5::uuid, $6::text, $7::text,
    jsonb_build_object('deliveries', count(*), 'deliveryId', $1::bigint::text, 'endpointId', $2::uuid)
  from again having count(*) > 0
)
select id::text as id, channel, endpoint_id from again order by again.id
