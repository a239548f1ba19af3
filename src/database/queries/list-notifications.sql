-- Returns a user's notifications, newest first: id, kind, event_id, payload, created_at, read_at.
-- $1 user id, $2 whether only those that were not read, $3 id to go on after or null, $4 limit.
-- Only one half runs, along its index.
(
  select id, kind, event_id, payload, wire_instant(created_at) as created_at, wire_instant(read_at) as read_at
  from notifications
  where $2::boolean and user_id = $1 and read_at is null and ($3::uuid is null or id < $3)
  order by id desc
  limit $4
)
union all
(
  select id, kind, event_id, payload, wire_instant(created_at), wire_instant(read_at)
  from notifications
  where not $2::boolean and user_id = $1 and ($3::uuid is null or id < $3)
  order by id desc
  limit $4
)
