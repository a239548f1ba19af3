-- PostgreSQL has sold these seats: shows them sold and ends the hold. Also mends a map that missed it,
-- so it does not ask what the seats were. Doing it twice changes nothing.
-- @include inventory
-- ARGV
--   2 owner
--   3 hold
--   4 booking
--   5.. seats
-- Returns
--   sold
--   cancelled   all of them were cancelled meanwhile, and are free or somebody else's

local owner, id, missed, sold = ARGV[2], ARGV[3], 0, 0
local cancelled = cancelled_seats(ARGV[4])
for i = 5, #ARGV do
  if not cancelled[ARGV[i]] then
    sold = sold + 1
    if seat_state(ARGV[i]) ~= 's' then
      set_seat(ARGV[i], 's')
      missed = missed + 1
    end
  end
end
local hold = read_hold(id)
if hold and hold.owner == owner then
  -- What was cancelled before it was ever shown as sold is nobody's now.
  free_held(hold.seats)
  drop_hold(hold, sold)
elseif missed > 0 then
  -- The hold got lost with a Redis. What its buyer has must count all the same.
  local buyer = read_buyer(owner)
  buyer.booked = buyer.booked + missed
  write_buyer(owner, buyer)
end
if sold == 0 then
  return finish('cancelled')
end
return finish('sold')
