-- Returns done, total: how many bookings of a cancelled event ($1) are cancelled, and how many there are.
select count(*) filter (where status = 'cancelled')::integer as done, count(*)::integer as total
from bookings where event_id = $1::uuid
