-- Corrects how many seats a buyer has booked, unless what is kept of them has changed since it was seen.
-- @include inventory
-- ARGV
--   2 owner
--   3 seen     what was kept of them, '' for nothing
--   4 booked   seats, as PostgreSQL says
-- Returns
--   mended
--   moved

local owner = ARGV[2]
if (redis.call('HGET', BUYERS, owner) or '') ~= ARGV[3] then
  return finish('moved')
end
local buyer = read_buyer(owner)
buyer.booked = tonumber(ARGV[4])
write_buyer(owner, buyer)
return finish('mended')
