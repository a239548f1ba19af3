-- Returns one row: on_sale, created_at (null if not booked by this call), outcome and reason stored before (or null).
-- $1 hold id, $2 booking id, $3 event id, $4 user id, $5 currency, $6 JSON [{seat, label, category, priceCents}].
-- One statement is one transaction: outcome, booking and seats are written together or not at all. A second
-- confirm of the same hold waits at the outcome's key until the first has committed. A seat that has an
-- active booking raises 23505 on booking_seats_one_active. Seats go in sorted, so two confirms that overlap
-- cannot wait for each other.
with event as (
  select id from events
  where id = $3::uuid and status = 'published' and starts_at > clock_timestamp()
  for share
),
fresh as (
  insert into outcomes (event_id, hold_id, outcome, reason)
  select $3::uuid, $1::text, 'booked', '' from event
  on conflict (event_id, hold_id) do nothing
  returning hold_id
),
asked as (
  select seat, label, category, "priceCents" as price_cents
  from jsonb_to_recordset($6::jsonb) as each (seat integer, label text, category text, "priceCents" bigint)
),
booking as (
  insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
  select $2::uuid, $3::uuid, $4::uuid, hold_id, 'confirmed', (select sum(price_cents) from asked), $5::text, clock_timestamp()
  from fresh
  returning id, created_at
),
seats as (
  insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
  select booking.id, $3::uuid, seat, label, category, price_cents, true
  from booking, asked
  order by seat
  returning seat
)
select
  exists (select from event) as on_sale,
  (select to_json(created_at) #>> '{}' from booking where exists (select from seats)) as created_at,
  before.outcome,
  before.reason
from (select 1) as one
left join outcomes as before on before.event_id = $3::uuid and before.hold_id = $1::text
