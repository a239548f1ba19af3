-- Returns the ids of the bookings of an event ($1) that were cancelled by this call.
with cancelled as (
  update bookings set status = 'cancelled', cancelled_at = clock_timestamp()
  where event_id = $1 and status = 'confirmed'
  returning id
),
freed as (
  update booking_seats set active = false
  where booking_id in (select id from cancelled) and active
  returning seat
)
select id from cancelled where (select count(*) from freed) >= 0
