-- Returns notifications as they are told again: id, user_id, kind, event_id, payload, created_at, time_zone and
-- is_socket of their readers. $1 ids. What is not there any more is left out.
select n.id, n.user_id, n.kind, n.event_id, n.payload, wire_instant(n.created_at) as created_at, u.time_zone,
  coalesce((u.alerts #>> '{channels,socket}')::boolean, true) as is_socket
from notifications as n join users as u on u.id = n.user_id
where n.id = any ($1::uuid[])
order by n.id
