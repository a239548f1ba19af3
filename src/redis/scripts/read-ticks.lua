-- The ticks after a position, if the log reaches back that far.
-- @include inventory
-- ARGV
--   2 epoch
--   3 position
-- Returns
--   ticks   {from, to, seats, ...}
--   gone    the log does not reach back, or the epoch is over: read the map

local since = ARGV[3]
if ARGV[2] ~= epoch then
  return finish('gone')
end
local entries = redis.call('XRANGE', LOG, '(' .. since .. '-0', '+')
local fields = {}
for _, entry in ipairs(entries) do
  local values = entry[2]
  fields[#fields + 1] = values[2]
  fields[#fields + 1] = string.match(entry[1], '^%d+')
  fields[#fields + 1] = values[4]
end
if #fields > 0 and tonumber(fields[1]) > since + 1 or (#fields == 0 and tonumber(since) < cut) then
  return finish('gone')
end
return finish('ticks', fields)
