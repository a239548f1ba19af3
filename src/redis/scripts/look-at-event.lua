-- Everything that can be compared with PostgreSQL, for one node at a time, unless nothing has changed since that node
-- has last seen it.
-- @include inventory
-- ARGV
--   2 node       who looks
--   3 lease ms   for how long nobody else does
--   4 known      "epoch:position" of the last look, or '' to see everything
-- Returns
--   elsewhere   another node looks after this event
--   same        nothing has changed
--   map         {seats, number of holds, hold id, hold, ..., owner, what they have, ...}

local node, lease_ms, known = ARGV[2], tonumber(ARGV[3]), ARGV[4]

local lease = redis.call('HMGET', META, 'looker', 'lookerUntil')
local left_ms = tonumber(lease[2] or '0') - now
-- One that is longer than a lease can be was written before the clock went back.
if lease[1] and lease[1] ~= node and left_ms > 0 and left_ms <= lease_ms then
  return finish('elsewhere')
end
redis.call('HSET', META, 'looker', node, 'lookerUntil', int(now + lease_ms))
if #changed == 0 and known == epoch .. ':' .. int(position) then
  return finish('same')
end

local holds, buyers = redis.call('HGETALL', HOLDS), redis.call('HGETALL', BUYERS)
local fields = { redis.call('GET', SEATS), int(#holds / 2) }
for _, list in ipairs({ holds, buyers }) do
  for _, text in ipairs(list) do
    fields[#fields + 1] = text
  end
end
return finish('map', fields)
