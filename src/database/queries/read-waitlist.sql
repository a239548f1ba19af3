-- Returns entries of the waitlist, newest first.
-- $1 ids or null for all, $2 user id or null, $3 event id or null, $4 states or null for all, $5 older than this id or null,
-- $6 limit.
select id, event_id, user_id, category, quantity, together, queue_order, skipped, passes, state, version, request_id,
  priority, to_json(created_at) #>> '{}' as created_at, to_json(ended_at) #>> '{}' as ended_at
from waitlist_entries
where ($1::uuid[] is null or id = any($1)) and ($2::uuid is null or user_id = $2)
  and ($3::uuid is null or event_id = $3) and ($4::text[] is null or state = any($4)) and ($5::uuid is null or id < $5)
order by id desc
limit $6
