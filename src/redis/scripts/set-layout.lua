-- Tells which seats of an event are beside each other, by category. Only events that somebody waits for need it.
-- @include inventory
-- ARGV
--   2.. category, stretches   as in matching.lua
-- Returns
--   set

for i = 2, #ARGV, 2 do
  redis.call('HSET', LAYOUT, ARGV[i], ARGV[i + 1])
end
return finish('set')
