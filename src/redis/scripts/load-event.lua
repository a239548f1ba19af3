-- Installs an event's map from PostgreSQL's sold seats plus the holds that survived in this Redis, under
-- a new epoch. The first caller does it; the others are told that it is done.
-- KEYS as in inventory.lua
-- ARGV
--   1 run             run id of the Redis the caller is connected to
--   2 epoch           new, random
--   3 seats           as PostgreSQL knows them: f, s, b
--   4 closes at       ms
--   5 hold ms
--   6 seats per hold
--   7 seats per buyer
--   8 extensions
--   9 tick ms
--   10.. owner, seats booked   of every buyer who has booked
-- Returns {status, epoch}
--   loaded    by this call
--   current   it is there already

local SEATS, HOLDS, EXPIRY, META, DIRTY = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local LOG, BUYERS = KEYS[6], KEYS[9]
local run, epoch, seats = ARGV[1], ARGV[2], ARGV[3]

local meta = redis.call('HMGET', META, 'epoch', 'run')
if meta[1] and meta[2] == run then
  return { 'current', meta[1] }
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local survivors = redis.call('HGETALL', HOLDS)

redis.call('DEL', HOLDS, EXPIRY, DIRTY, LOG, BUYERS)
redis.call('SET', SEATS, seats)

local buyers = {}
for i = 10, #ARGV - 1, 2 do
  buyers[ARGV[i]] = { booked = ARGV[i + 1], holds = {} }
end

for i = 1, #survivors, 2 do
  local id, text = survivors[i], survivors[i + 1]
  local state, owner, till, list = string.match(text, '^(%a)|([^|]*)|(%d+)|%d+|%d+|(.*)$')
  local live = state == 'c' or tonumber(till) > now
  for seat in string.gmatch(list, '[^,]+') do
    live = live and redis.call('GETRANGE', SEATS, seat, seat) == 'f'
  end
  if live then
    for seat in string.gmatch(list, '[^,]+') do
      redis.call('SETRANGE', SEATS, seat, 'h')
    end
    redis.call('HSET', HOLDS, id, text)
    -- How one that was being booked ended is asked once whoever is at it had a moment to finish.
    redis.call('ZADD', EXPIRY, state == 'c' and string.format('%.0f', now + 3000) or till, id)
    buyers[owner] = buyers[owner] or { booked = '0', holds = {} }
    table.insert(buyers[owner].holds, id)
  end
end
for owner, buyer in pairs(buyers) do
  redis.call('HSET', BUYERS, owner, buyer.booked .. '|' .. table.concat(buyer.holds, ','))
end

redis.call('HSET', META, 'epoch', epoch, 'run', run, 'position', '0', 'cut', '0', 'cutAt', '0', 'promised', '0',
  'repliesSince', string.format('%.0f', now), 'count', string.len(seats), 'closesAt', ARGV[4], 'holdMs', ARGV[5],
  'seatsPerHold', ARGV[6], 'seatsPerBuyer', ARGV[7], 'extensions', ARGV[8], 'tickMs', ARGV[9])
return { 'loaded', epoch }
