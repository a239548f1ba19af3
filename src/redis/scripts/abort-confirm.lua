-- PostgreSQL has refused this hold for good: ends it and frees its seats, but for those that are sold.
-- @include inventory
-- ARGV
--   2 hold
--   3.. seats   the ones somebody else has bought, as PostgreSQL says
-- Returns
--   aborted

local hold = read_hold(ARGV[2])
for i = 3, #ARGV do
  if seat_state(ARGV[i]) ~= 's' then
    set_seat(ARGV[i], 's')
  end
end
if hold then
  free_held(hold.seats)
  drop_hold(hold, 0)
end
return finish('aborted')
