-- Installs an event's map from PostgreSQL's sold seats plus the holds that survived in this Redis, under
-- a new epoch, with its waitlist in the order it had. The first caller does it; the others are told that it is done.
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
--   10 offer ms
--   11 waiting        a line "entry|owner|quantity|category|together|passes|missed|order|version" for each, or ''
--   12 offers         a line "hold|entry|since|until|seats" for each that lives, or ''
--   13 layout         a line "category|stretches" for each (matching.lua), or ''
--   14.. owner, seats booked   of every buyer who has booked
-- Returns {status, epoch}
--   loaded    by this call
--   current   it is there already

local SEATS, HOLDS, EXPIRY, META, DIRTY = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local LOG, BUYERS = KEYS[6], KEYS[9]
local QUEUE, CLASSES, ENTRIES, OFFERS = KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local LAYOUT, UNRECORDED = KEYS[14], KEYS[15]
local run, epoch, seats = ARGV[1], ARGV[2], ARGV[3]

local meta = redis.call('HMGET', META, 'epoch', 'run')
if meta[1] and meta[2] == run then
  return { 'current', meta[1] }
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local survivors = redis.call('HGETALL', HOLDS)

-- What this Redis knows of those who wait, of which PostgreSQL may not have heard yet.
local steps, known, entry_of = redis.call('HGETALL', UNRECORDED), {}, {}
for _, list in ipairs({ { redis.call('HGETALL', ENTRIES), known }, { redis.call('HGETALL', OFFERS), entry_of } }) do
  for i = 1, #list[1], 2 do
    list[2][list[1][i]] = list[1][i + 1]
  end
end
local ended = {}
for i = 1, #steps, 2 do
  local state = string.match(steps[i + 1], '^[^|]*|([^|]*)')
  if state ~= 'waiting' and state ~= 'offered' then
    ended[string.match(steps[i], '^[^:]*')] = true
  end
end

redis.call('DEL', HOLDS, EXPIRY, DIRTY, LOG, BUYERS, QUEUE, CLASSES, ENTRIES, OFFERS, LAYOUT)
redis.call('SET', SEATS, seats)

for category, stretches in string.gmatch(ARGV[13], '([^|\n]+)|([^\n]*)') do
  redis.call('HSET', LAYOUT, category, stretches)
end

local waiting = {}
for id, owner, wish, passes, missed, order, version in
  string.gmatch(ARGV[11], '([^|\n]+)|([^|]*)|(%d+|[^|]*|%a)|(%d+)|(%d+)|(%d+)|(%d+)')
do
  if not ended[id] then
    local entry = { owner = owner, wish = wish, passes = passes, missed = missed, order = order, state = 'w', hold = '',
      since = '0', version = version }
    local p, m, o, v = string.match(known[id] or '', '|(%d+)|(%d+)|(%d+)|%a|[^|]*|%d+|(%d+)$')
    if v and tonumber(v) > tonumber(version) then
      entry.passes, entry.missed, entry.order, entry.version, entry.is_newer = p, m, o, v, true
    end
    waiting[id] = entry
  end
end

local buyers = {}
for i = 14, #ARGV - 1, 2 do
  buyers[ARGV[i]] = { booked = ARGV[i + 1], holds = {} }
end

local function all_free(list)
  for seat in string.gmatch(list, '[^,]+') do
    if redis.call('GETRANGE', SEATS, seat, seat) ~= 'f' then
      return false
    end
  end
  return true
end

local function install(id, text, owner, list, due)
  for seat in string.gmatch(list, '[^,]+') do
    redis.call('SETRANGE', SEATS, seat, 'h')
  end
  redis.call('HSET', HOLDS, id, text)
  redis.call('ZADD', EXPIRY, due, id)
  buyers[owner] = buyers[owner] or { booked = '0', holds = {} }
  table.insert(buyers[owner].holds, id)
end

-- The seats of a hold are kept for somebody who waits.
local function keep_offer(id, entry_id, since)
  local entry = waiting[entry_id]
  entry.state, entry.hold, entry.since = 'o', id, since
  redis.call('HSET', OFFERS, id, entry_id)
end

-- One whose time is over is swept as any other, so that it counts as missed.
local function restore_offer(id, entry_id, since, till, list)
  local entry = waiting[entry_id]
  if all_free(list) then
    install(id, 'o|' .. entry.owner .. '|' .. till .. '|0|0|' .. list, entry.owner, list, till)
    keep_offer(id, entry_id, since)
    return
  end
  -- Somebody has bought them: the entry waits on in its place.
  local version = string.format('%.0f', math.max(tonumber(entry.version) + 1, now))
  entry.version = version
  redis.call('HSET', UNRECORDED, entry_id .. ':' .. version, table.concat({ 'revoked', 'waiting', entry.owner,
    entry.order, entry.missed, entry.passes, id, list, since, till, string.format('%.0f', now), '0', 'sold', '' }, '|'))
  steps[#steps + 1] = version
end

for i = 1, #survivors, 2 do
  local id, text = survivors[i], survivors[i + 1]
  local state, owner, till, list = string.match(text, '^(%a)|([^|]*)|(%d+)|%d+|%d+|(.*)$')
  if state == 'o' then
    local entry_id = entry_of[id] or ''
    if waiting[entry_id] and waiting[entry_id].state == 'w' then
      restore_offer(id, entry_id, string.match(known[entry_id] or '', '|(%d+)|%d+$') or '0', till, list)
    end
  elseif (state == 'c' or tonumber(till) > now) and state ~= 'g' and all_free(list) then
    -- How one that was being booked ended is asked once whoever is at it had a moment to finish.
    install(id, text, owner, list, state == 'c' and string.format('%.0f', now + 3000) or till)
  end
end

-- Offers of which this Redis knows nothing, as PostgreSQL has them.
for id, entry_id, since, till, list in string.gmatch(ARGV[12], '([^|\n]+)|([^|]*)|(%d+)|(%d+)|([^\n]*)') do
  local entry = waiting[entry_id]
  if entry and entry.state == 'w' and not entry.is_newer and not entry_of[id] then
    restore_offer(id, entry_id, since, till, list)
  end
end

for owner, buyer in pairs(buyers) do
  redis.call('HSET', BUYERS, owner, buyer.booked .. '|' .. table.concat(buyer.holds, ','))
end
for id, entry in pairs(waiting) do
  local quantity, category, together = string.match(entry.wish, '^(%d+)|([^|]*)|(%a)$')
  redis.call('HSET', ENTRIES, id, table.concat({ entry.owner, entry.wish, entry.passes, entry.missed, entry.order,
    entry.state, entry.hold, entry.since, entry.version }, '|'))
  if entry.state == 'w' then
    redis.call('ZADD', QUEUE, entry.order, id)
    redis.call('ZADD', CLASSES, 0, string.format('%s:%d:%s:%016.0f:%s', category, quantity, together, entry.order, id))
  end
end

redis.call('HDEL', META, 'waitlist', 'gathering')
redis.call('HSET', META, 'epoch', epoch, 'run', run, 'position', '0', 'cut', '0', 'cutAt', '0', 'promised', '0',
  'repliesSince', string.format('%.0f', now), 'count', string.len(seats), 'closesAt', ARGV[4], 'holdMs', ARGV[5],
  'seatsPerHold', ARGV[6], 'seatsPerBuyer', ARGV[7], 'extensions', ARGV[8], 'tickMs', ARGV[9], 'offerMs', ARGV[10])
if next(waiting) or #steps > 0 then
  -- Holds may have got lost: what is free now is theirs who wait, before anything else is done.
  redis.call('HSET', META, 'waitlist', '2')
end
return { 'loaded', epoch }
