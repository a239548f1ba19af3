-- Returns the id of the booking ($1) if it was cancelled by this call, or no row.
with cancelled as (
  update bookings set status = 'cancelled', cancelled_at = clock_timestamp()
  where id = $1 and status = 'confirmed'
  returning id
),
freed as (
  update booking_seats set active = false
  where booking_id in (select id from cancelled) and active
  returning seat
)
select id from cancelled where exists (select from freed)
