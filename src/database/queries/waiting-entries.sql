-- Returns who waits for seats of an event, as the map is loaded with them. $1 event id.
select id, user_id, category, quantity, together, passes, skipped, queue_order, version
from waitlist_entries
where event_id = $1::uuid and state in ('waiting', 'offered')
order by queue_order, id
