-- Returns the booking of a hold ($1) with its seats, or no row.
select * from booking_details where hold_id = $1
