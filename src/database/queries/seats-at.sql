-- Returns one row, or none if there is no such event: seat_count, sold, held (seats by index) as they were at a moment.
-- $1 event id, $2 moment.
--
-- Sales need no order among each other: PostgreSQL let no seat be sold twice, so a seat is sold if it was sold once
-- more than it was given back. A hold is what its last row says, unless it has ended. One that is over its time
-- counts as long as nobody has freed it, which the row of its end shows; one whose end was never written was lost
-- with its Redis, and ends with its time. No hold lives longer than two hours without a row of its own.
with event as materialized (
  select id, seat_count from events where id = $1::uuid
),
sold as materialized (
  select seat
  from audit, unnest(seats) as seat
  where event_id = $1::uuid and at <= $2::timestamptz and action in ('booking-confirmed', 'booking-cancelled')
  group by seat
  having sum(case action when 'booking-confirmed' then 1 else -1 end) > 0
),
ends (action) as (
  values ('hold-expired'), ('hold-refused'), ('booking-confirmed')
),
steps as materialized (
  select hold_id, at, id, position, until_ms, seats, action in (select action from ends) as is_end
  from audit
  where event_id = $1::uuid and at <= $2::timestamptz and at > $2::timestamptz - interval '2 hours'
    and hold_id is not null
    and action in ('seats-held', 'hold-extended', 'hold-paying', 'seats-released', 'hold-expired', 'hold-refused',
      'booking-confirmed')
),
ended as materialized (
  select distinct hold_id from steps where is_end
),
last as (
  select distinct on (hold_id) hold_id, until_ms, seats
  from steps
  where not exists (select from ended where ended.hold_id = steps.hold_id)
  order by hold_id, at desc, position desc, id desc
),
ended_later as materialized (
  select distinct hold_id
  from audit
  where event_id = $1::uuid and at > $2::timestamptz and at <= $2::timestamptz + interval '15 minutes'
    and hold_id is not null and action in (select action from ends)
),
held as (
  select distinct seat
  from last, unnest(seats) as seat
  where (
      until_ms > extract(epoch from $2::timestamptz) * 1000
      or exists (select from ended_later where ended_later.hold_id = last.hold_id)
    )
    and not exists (select from sold where sold.seat = seat)
)
select event.seat_count,
  array(select seat from sold) as sold,
  array(select seat from held) as held
from event
