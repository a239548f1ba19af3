-- Returns nothing. Writes rows of the audit log, one array a column.
-- $1 times (ms since 1970), $2 actions, $3 event ids, $4 actor ids, $5 session ids, $6 request ids,
-- $7 seats ('{1,2}'), $8 details (JSON), $9 whether they may be there already: nobody knows how the last attempt ended.
-- A hold's first row is its beginning, for whoever counts how many are booked.
with given as materialized (
  select to_timestamp(at / 1000) as at, action, event_id, actor_id, session_id, request_id, seats, details, place
  from unnest($1::float8[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
    with ordinality as each (at, action, event_id, actor_id, session_id, request_id, seat_text, details_text, place)
  cross join lateral (select seat_text::integer[] as seats, details_text::jsonb as details) as parsed
),
started as (
  insert into hold_starts (hold_id, event_id, at)
  select distinct on (1) details ->> 'holdId', event_id, at from given
  where action = 'seats-held' and event_id is not null and details ->> 'holdId' is not null
  order by 1, at
  on conflict do nothing
)
insert into audit (at, action, event_id, actor_id, session_id, request_id, seats, details)
select at, action, event_id, actor_id, session_id, request_id, seats, details
from given
where not $9::boolean or not exists (
  select from audit as written
  where written.event_id is not distinct from given.event_id and written.at = given.at
    and written.action = given.action and written.request_id is not distinct from given.request_id
    and written.details = given.details
)
order by place
