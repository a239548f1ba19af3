-- Returns one booking ($1 its id) with its seats, or no row.
select * from booking_details where id = $1
