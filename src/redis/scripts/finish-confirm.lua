-- PostgreSQL has sold these seats: shows them sold and ends the hold. Also mends a map that missed it,
-- so it does not ask what the seats were. Doing it twice changes nothing.
-- @include inventory
-- ARGV
--   2 owner
--   3 hold
--   4 undo      the request id under which this booking would be cancelled
--   5.. seats
-- Returns
--   sold
--   cancelled   the booking was cancelled meanwhile, and its seats are free or somebody else's

local owner, id, undo, missed = ARGV[2], ARGV[3], ARGV[4], 0
if first_answer(owner, undo) then
  return finish('cancelled')
end
for i = 5, #ARGV do
  if seat_state(ARGV[i]) ~= 's' then
    set_seat(ARGV[i], 's')
    missed = missed + 1
  end
end
local hold = read_hold(id)
if hold and hold.owner == owner then
  drop_hold(hold, #ARGV - 4)
elseif missed > 0 then
  -- The hold got lost with a Redis. What its buyer has must count all the same.
  local buyer = read_buyer(owner)
  buyer.booked = buyer.booked + missed
  write_buyer(owner, buyer)
end
return finish('sold')
