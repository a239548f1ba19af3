-- Removes an event whose time is long over. Whoever asks for it all the same has it loaded anew from PostgreSQL.
-- KEYS as in inventory.lua
-- Returns {status}
--   retired
--   holds     it has holds, or steps of the waitlist to be written down, which must end first

local SEATS, HOLDS, EXPIRY, META, DIRTY = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local LOG, REPLIES, EARLIER, BUYERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local QUEUE, CLASSES, ENTRIES, OFFERS = KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local LAYOUT, UNRECORDED = KEYS[14], KEYS[15]

if redis.call('HLEN', HOLDS) > 0 or redis.call('HLEN', UNRECORDED) > 0 then
  return { 'holds' }
end
redis.call('UNLINK', SEATS, HOLDS, EXPIRY, META, DIRTY, LOG, REPLIES, EARLIER, BUYERS)
redis.call('UNLINK', QUEUE, CLASSES, ENTRIES, OFFERS, LAYOUT, UNRECORDED)
return { 'retired' }
