-- Returns the notifications that were made: id, user_id, kind, event_id, payload, created_at, outbox_id (see
-- `make_notifications`). $1 ids of outbox rows whose work is done.
-- What follows a step of the waitlist is done once whoever waits has a notification of it.
-- What follows a booking is done once its buyer has a notification of it and is planned for the alerts before the event:
-- both are written by the statement that marks the row, so they are there if and only if it is marked.
with marked as materialized (
  update outbox set sent_at = clock_timestamp()
  where id = any ($1::bigint[]) and sent_at is null
  returning id, topic, payload
),
-- Looked up row by row, by key (hence the limits), whatever the planner thinks of how many were marked.
booked as materialized (
  select marked.id as row_id, topic, b.*, e.title, e.starts_at, e.time_zone,
    e.status as event_status, e.updated_at as event_updated_at, u.leads,
    case jsonb_typeof(payload -> 'seats') when 'array' then jsonb_array_length(payload -> 'seats') end as seats_gone
  from marked
  cross join lateral (
    select id as booking_id, event_id, user_id, status, total_cents, currency, created_at, cancelled_at
    from bookings where id = (marked.payload ->> 'bookingId')::uuid limit 1
  ) as b
  cross join lateral (
    select title, starts_at, time_zone, status, updated_at from events where id = b.event_id limit 1
  ) as e
  cross join lateral (select alerts -> 'leadMinutes' as leads from users where id = b.user_id limit 1) as u
  where topic in ('booking-confirmed', 'booking-cancelled')
),
waited as materialized (
  select w.*, e.title, e.starts_at, e.time_zone
  from marked
  cross join lateral jsonb_to_record(payload) as w (
    kind text, state text, "eventId" uuid, "entryId" uuid, "userId" uuid, "holdId" text, seats jsonb, until float8, reason text,
    "totalCents" bigint, currency text, places text
  )
  cross join lateral (select title, starts_at, time_zone from events where id = w."eventId" limit 1) as e
  where topic = 'waitlist-told'
),
notices as (
  select user_id, topic as kind, 'booking-confirmed:' || booking_id as key, event_id,
    jsonb_build_object('bookingId', booking_id, 'title', title, 'startsAt', wire_instant(starts_at),
      'timeZone', time_zone, 'totalCents', total_cents, 'currency', currency,
      'seats', (select count(*) from booking_seats where booking_seats.booking_id = booked.booking_id)) as payload
  from booked
  where topic = 'booking-confirmed'
  union all
  -- Whoever loses a booking because the event is cancelled is told that instead.
  select user_id, topic, 'booking-cancelled:' || row_id, event_id,
    jsonb_build_object('bookingId', booking_id, 'title', title, 'startsAt', wire_instant(starts_at),
      'timeZone', time_zone, 'seats', seats_gone, 'whole', status = 'cancelled')
  from booked
  where topic = 'booking-cancelled'
    and not (event_status = 'cancelled' and status = 'cancelled' and cancelled_at >= event_updated_at)
  union all
  -- Once for each offer, and once when the entry is over.
  select "userId", kind_of.notice, kind_of.notice || ':' || case kind_of.notice when 'waitlist-closed' then "entryId"::text else "holdId" end,
    "eventId",
    jsonb_strip_nulls(jsonb_build_object('entryId', "entryId", 'title', title, 'startsAt', wire_instant(starts_at),
      'timeZone', time_zone, 'holdId', "holdId",
      'places', case kind_of.notice when 'waitlist-promoted' then places end,
      'totalCents', case kind_of.notice when 'waitlist-promoted' then "totalCents" end,
      'currency', case kind_of.notice when 'waitlist-promoted' then currency end,
      'seats', case jsonb_typeof(seats) when 'array' then jsonb_array_length(seats) end,
      'until', case kind_of.notice when 'waitlist-promoted' then wire_instant(to_timestamp(until / 1000)) end,
      'reason', case kind_of.notice when 'waitlist-closed' then reason end))
  from waited
  cross join lateral (
    select case when state in ('expired', 'closed') then 'waitlist-closed' when kind = 'offered' then 'waitlist-promoted'
      else 'waitlist-offer-expired' end as notice
  ) as kind_of
),
wanted as materialized (
  select event_id, lead.minutes, starts_at, created_at, starts_at - lead.minutes * interval '1 minute' as due_at
  from booked
  cross join lateral (
    select minutes::integer from jsonb_array_elements_text(leads) as each (minutes)
  ) as lead
  where topic = 'booking-confirmed' and status = 'confirmed' and event_status = 'published'
    and starts_at > clock_timestamp()
    -- A lead that had passed when they booked is none for them.
    and starts_at - lead.minutes * interval '1 minute' > created_at
),
planned as (
  insert into alerts (event_id, lead_minutes, starts_at, due_at)
  select distinct wanted.event_id, minutes, wanted.starts_at, wanted.due_at
  from wanted
  left join lateral (
    select true as is_there from alerts
    where alerts.event_id = wanted.event_id and lead_minutes = minutes and alerts.starts_at = wanted.starts_at
      and state <> 'dropped'
    limit 1
  ) as found on true
  -- Hardly ever is one missing, and those that wait are not to be locked by every booking. One that became due between
  -- the booking and now may have gone out without it: once more, for whoever has not got it.
  where is_there is null or wanted.due_at <= clock_timestamp()
  order by 1, 2
  -- Nobody may have wanted it before.
  on conflict (event_id, lead_minutes, starts_at) do update set state = 'waiting', is_timed = false
  where alerts.state = 'dropped' or excluded.due_at <= clock_timestamp()
),
lists as (
  select array_agg(user_id) as users, array_agg(kind) as kinds, array_agg(key) as keys, array_agg(event_id) as events,
    array_agg(payload) as payloads
  from notices
)
select made.id, made.user_id, made.kind, made.event_id, made.payload, wire_instant(made.created_at) as created_at,
  made.outbox_id::text as outbox_id
from lists cross join lateral make_notifications(users, kinds, keys, events, payloads) as made
order by made.id
