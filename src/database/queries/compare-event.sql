-- Returns a row for each difference between an event in Redis and here: kind, seat, booking_id, owner, booked, hold_id.
--   unsold   seat: shown as sold, but nobody has it
--   sold     seat, booking_id: somebody has it, but it is not shown as sold
--   stray    seat: shown as held, but no hold and nobody has it
--   buyer    owner, booked: how many seats they have
--   settled  hold_id: there, but it was booked or refused for good
-- $1 event id, $2 seats shown as sold, $3 ids of its holds, $4 buyers, $5 how many seats they have booked there,
-- $6 seats shown as held that no hold has.
-- What the outbox has still to do is no difference: it is under way. Nor are seats whose hold is there.
with busy as materialized (
  select b.id, b.user_id::text as owner, b.hold_id
  from outbox o join bookings b on b.id = (o.payload ->> 'bookingId')::uuid
  where o.sent_at is null and o.topic in ('booking-confirmed', 'booking-cancelled') and b.event_id = $1::uuid
),
shown (seat) as materialized (
  select unnest($2::integer[])
),
holds (hold_id) as materialized (
  select unnest($3::text[])
),
owned as materialized (
  select s.seat, s.booking_id, b.user_id::text as owner, holds.hold_id is not null as is_held
  from booking_seats s
  join bookings b on b.id = s.booking_id
  left join holds on holds.hold_id = b.hold_id
  where s.event_id = $1::uuid and s.active
),
counted as (
  select owner, count(*) filter (where not is_held)::integer as booked from owned group by owner
),
kept (owner, booked) as (
  select * from unnest($4::text[], $5::integer[])
)
select 'unsold' as kind, shown.seat, null::uuid as booking_id, null as owner, null::integer as booked, null as hold_id
from shown
where not exists (select from owned where owned.seat = shown.seat)
  and not exists (select from busy join booking_seats s on s.booking_id = busy.id where s.seat = shown.seat)
union all
select 'sold', seat, booking_id, owner, null, null
from owned
where not is_held
  and not exists (select from shown where shown.seat = owned.seat)
  and not exists (select from busy where busy.id = owned.booking_id)
union all
select 'stray', seat, null, null, null, null
from unnest($6::integer[]) as stray (seat)
where not exists (select from owned where owned.seat = stray.seat)
union all
select 'buyer', null, null, coalesce(counted.owner, kept.owner), coalesce(counted.booked, 0), null
from counted full join kept on kept.owner = counted.owner
where coalesce(counted.booked, 0) <> coalesce(kept.booked, 0)
  and not exists (select from busy where busy.owner = coalesce(counted.owner, kept.owner))
union all
select 'settled', null, null, null, null, outcomes.hold_id
from holds join outcomes on outcomes.event_id = $1::uuid and outcomes.hold_id = holds.hold_id
where not exists (select from busy where busy.hold_id = holds.hold_id)
