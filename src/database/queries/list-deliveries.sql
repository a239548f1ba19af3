-- Returns deliveries, newest first. $1 state or null, $2 channel or null, $3 kind or null, $4 endpoint or null,
-- $5 id or null: only older ones, $6 limit.
select id::text as id, source, channel, endpoint_id, user_id, event_id, target, kind, state, attempts, last_error,
  to_json(next_at) #>> '{}' as next_at, to_json(created_at) #>> '{}' as created_at, to_json(sent_at) #>> '{}' as sent_at
from deliveries
where ($1::text is null or state = $1)
  and ($2::text is null or channel = $2)
  and ($3::text is null or kind = $3)
  and ($4::uuid is null or endpoint_id = $4)
  and ($5::bigint is null or id < $5)
order by deliveries.id desc
limit $6
