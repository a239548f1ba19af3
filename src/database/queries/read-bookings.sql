-- Returns bookings ($1 their ids) with their seats.
select * from booking_details where id = any($1::uuid[])
