-- Returns the provider's events that start in a range, both ends included, in the order of their starts.
-- $1 from and $2 to, each a moment that ends in Z or a time of the provider's wall clock; $3 its time zone;
-- $4 start and $5 id of the event to go on after, or -infinity and any; $6 limit.
select id, title, to_char(starts_local, 'YYYY-MM-DD') as start_date, to_char(starts_local, 'HH24:MI:SS') as start_time,
  to_char(ends_local, 'YYYY-MM-DD') as end_date, to_char(ends_local, 'HH24:MI:SS') as end_time,
  min_cents, max_cents, to_json(starts_at) #>> '{}' as starts
from provider_events
-- The greatest, so that a late page is not looked for from the beginning of the range.
where starts_at >= greatest($4::text::timestamptz, case when right($1::text, 1) = 'Z' then $1::text::timestamptz
    else $1::text::timestamp at time zone $3::text end)
  and starts_at <= case when right($2::text, 1) = 'Z' then $2::text::timestamptz
    else $2::text::timestamp at time zone $3::text end
  and (starts_at, id) > ($4::text::timestamptz, $5::uuid)
order by provider_events.starts_at, provider_events.id
limit $6
