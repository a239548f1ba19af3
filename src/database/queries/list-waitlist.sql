-- Returns entries of an event in the order of its queue, with those who wait.
-- $1 event id, $2 state, $3 order and $4 id of the last one seen, or null, $5 limit.
select e.id, e.event_id, e.user_id, e.category, e.quantity, e.together, e.queue_order, e.skipped, e.passes, e.state,
  e.version, e.request_id, e.priority, to_json(e.created_at) #>> '{}' as created_at,
  to_json(e.ended_at) #>> '{}' as ended_at, u.name, u.email
from waitlist_entries e join users u on u.id = e.user_id
where e.event_id = $1::uuid and e.state = $2::text
  and ($3::bigint is null or (e.queue_order, e.id) > ($3, $4::uuid))
order by e.queue_order, e.id
limit $5
