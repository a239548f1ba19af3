-- Removes an event whose time is long over. Whoever asks for it all the same has it loaded anew from PostgreSQL.
-- KEYS as in inventory.lua
-- Returns {status}
--   retired
--   holds     it has holds, which must end first

local SEATS, HOLDS, EXPIRY, META, DIRTY = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local LOG, REPLIES, EARLIER, BUYERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9]

if redis.call('HLEN', HOLDS) > 0 then
  return { 'holds' }
end
redis.call('UNLINK', SEATS, HOLDS, EXPIRY, META, DIRTY, LOG, REPLIES, EARLIER, BUYERS)
return { 'retired' }
