-- Returns the deliveries that are due again by this call: id, channel, endpoint_id. $1 id or null: one that waits, was
-- sent or is dead, $2 endpoint or null: those of it that are dead, the oldest, $3 how many at most, $4 only of this endpoint, or null,
-- $5 actor id, $6 session id, $7 request id.
with chosen as (
  select id from deliveries
  where ($1::bigint is not null and id = $1 and state in ('waiting', 'sent', 'dead')
      or $2::uuid is not null and endpoint_id = $2 and state = 'dead')
    and ($4::uuid is null or endpoint_id = $4)
  order by id
  limit $3
  for update
),
again as (
  -- One that waits has its next attempt now, and no more of them than before.
  update deliveries set state = 'waiting', next_at = clock_timestamp(), sent_at = null,
    attempts = case when state = 'waiting' then attempts else 0 end,
    due_since = case when state = 'waiting' then due_since else clock_timestamp() end,
    last_error = case when state = 'waiting' then last_error else '' end
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
