-- Returns rows of the audit log, the latest first.
-- $1 event id or null, $2 booking id or null, $3 actor id or null, $4 action or null, $5 from or null, $6 to or null (not
-- included), $7 id of the row to go on after or null, $8 limit.
select audit.id::text as id, to_json(audit.at) #>> '{}' as at, audit.action, audit.event_id, audit.booking_id,
  audit.actor_id, audit.session_id, audit.request_id, audit.seats, audit.details
from audit
where ($1::uuid is null or event_id = $1)
  and ($2::uuid is null or booking_id = $2)
  and ($3::uuid is null or actor_id = $3)
  and ($4::text is null or action = $4)
  and ($5::timestamptz is null or at >= $5)
  and ($6::timestamptz is null or at < $6)
  and ($7::bigint is null or (at, id) < (select last.at, last.id from audit as last where last.id = $7))
order by at desc, id desc
limit $8
