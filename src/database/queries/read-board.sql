-- Returns what the board of a venue is made of, as JSON: venue, events, announcements; nothing if there is no such venue.
-- $1 venue id, $2 the moment, $3 how many events at most.
-- A delay, and doors of an event, count for the start they were announced for: a start that was moved ends them.
with shown as (
  select announcements.*
  from announcements
  left join events on events.id = announcements.event_id
  where announcements.venue_id = $1::uuid
    and withdrawn_at is null
    and until > $2::timestamptz
    and (
      announcements.event_id is null
      or events.venue_id = announcements.venue_id and events.deleted_at is null
        and (kind = 'info' or events.status <> 'cancelled' and events.starts_at = announcements.starts_at)
    )
),
delays as (
  select distinct on (event_id) event_id, minutes from shown where kind = 'delay' order by event_id, id desc
),
coming as (
  select events.*, coalesce(minutes, 0) as delay_minutes
  from events
  left join delays on delays.event_id = events.id
  where venue_id = $1::uuid
    and published_at is not null
    and deleted_at is null
    -- No delay is longer.
    and ends_at > $2::timestamptz - interval '1 day'
    and ends_at + coalesce(minutes, 0) * interval '1 minute' > $2::timestamptz
  order by starts_at, id
  limit $3::integer
)
select
  json_build_object('name', name, 'city', city, 'timeZone', time_zone) as venue,
  (
    select coalesce(json_agg(json_build_object(
      'id', id, 'title', title, 'category', category, 'startsAt', starts_at, 'endsAt', ends_at, 'timeZone', time_zone,
      'status', status, 'sellMode', sell_mode, 'salesStartAt', sales_start_at, 'salesEndAt', sales_end_at,
      'currency', currency, 'delayMinutes', delay_minutes
    ) order by starts_at, id), '[]') from coming
  ) as events,
  (
    select coalesce(json_agg(json_build_object(
      'id', id, 'venueId', venue_id, 'eventId', event_id, 'kind', kind, 'text', text, 'minutes', minutes, 'at', at,
      'until', until, 'createdAt', created_at, 'withdrawnAt', withdrawn_at
    ) order by id desc), '[]') from shown
  ) as announcements
from venues
where id = $1::uuid and venues.deleted_at is null
