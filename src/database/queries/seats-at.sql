-- Returns one row, or none if there is no such event: seat_count, sold, held (seats by index) as they were at a moment.
-- $1 event id, $2 moment.
--
-- Sales need no order among each other: PostgreSQL let no seat be sold twice, so a seat is sold if it was sold once
-- more than it was given back. A hold is what its last row says, unless it has ended. One that is over its time
-- counts as long as nobody has freed it, which a later row of its end shows; one whose end was never written was lost
-- with its Redis, and ends with its time. No row gives a hold more than an hour.
with event as materialized (
  select id, seat_count, (extract(epoch from $2::timestamptz) * 1000)::bigint as at_ms from events where id = $1::uuid
),
sold as materialized (
  select seat
  from audit, unnest(seats) as seat
  where event_id = $1::uuid and at <= $2::timestamptz and action in ('booking-confirmed', 'booking-cancelled')
  group by seat
  having sum(case action when 'booking-confirmed' then 1 else -1 end) > 0
),
ended_later as materialized (
  select hold_id from audit
  where event_id = $1::uuid and at > $2::timestamptz and at <= $2::timestamptz + interval '15 minutes'
    and action in ('hold-expired', 'hold-refused', 'booking-confirmed')
),
steps as (
  select hold_id, at, position, audit.id, seats
  from audit, event
  where event_id = $1::uuid and at <= $2::timestamptz
    and until_ms > at_ms - 900000 and until_ms <= at_ms + 3600000
    and (until_ms > at_ms or hold_id in (select ended_later.hold_id from ended_later))
),
open as materialized (
  select distinct on (hold_id) hold_id, at, seats
  from steps
  order by hold_id, at desc, position desc, id desc
),
ended as (
  select audit.hold_id from audit
  where event_id = $1::uuid and at >= (select min(at) from open) and at <= $2::timestamptz
    and action in ('hold-expired', 'hold-refused', 'booking-confirmed')
),
held as (
  select distinct each.seat
  from open, unnest(open.seats) as each (seat)
  where not exists (select from ended where ended.hold_id = open.hold_id)
    and not exists (select from sold where sold.seat = each.seat)
)
select event.seat_count,
  array(select seat from sold) as sold,
  array(select seat from held) as held
from event
