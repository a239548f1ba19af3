-- Counts one attempt in a fixed window, for limits that hold on all nodes together.
-- KEYS
--   1 window
-- ARGV
--   1 limit
--   2 window ms
-- Returns {status, ms}
--   taken     0
--   refused   until the window is over

local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if count > tonumber(ARGV[1]) then
  return { 'refused', math.max(1, redis.call('PTTL', KEYS[1])) }
end
return { 'taken', 0 }
