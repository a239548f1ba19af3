-- Returns seat, user_id of every seat of an event ($1) that has an active booking, by seat.
select s.seat, b.user_id
from booking_seats s
join bookings b on b.id = s.booking_id
where s.event_id = $1 and s.active
order by s.seat
