-- Returns seat: which seats ($2) of an event ($1) have an active booking, by seat.
select seat from booking_seats where event_id = $1::uuid and active and seat = any($2::integer[]) order by seat
