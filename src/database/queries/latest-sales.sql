-- Returns event_id, row_id of the latest booking or cancellation of events ($1 their ids); those without any have no row.
select asked.event_id, latest.id::text as row_id
from unnest($1::uuid[]) as asked (event_id)
cross join lateral (
  select audit.id from audit
  where audit.event_id = asked.event_id and action in ('booking-confirmed', 'booking-cancelled')
  order by audit.at desc, audit.id desc
  limit 1
) as latest
