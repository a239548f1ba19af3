-- Appends domain events to the stream, if it ends where the caller believes it does; else nothing.
-- So there are no gaps and no repeats on it, whoever appends at the same time and whatever Redis has lost.
-- KEYS
--   1 stream
-- ARGV
--   1 position of the last event that was appended, '0-0' for none
--   2 position before which events are too old to keep
--   3 how many events are kept at most
--   4.. position, type and JSON of each event, in their order
-- Returns {status, position of the last event}
--   appended
--   moved     it ends there

local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    -- Not the last entry: that one may have been too old to keep.
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
if last ~= ARGV[1] then
  return { 'moved', last }
end
-- First, because a Redis that is full still lets go of what is old. Both let go of whole nodes of the stream.
redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[2])
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[3])
-- The caller sends a few hundred at most.
for i = 4, #ARGV, 3 do
  last = redis.call('XADD', KEYS[1], ARGV[i], 'type', ARGV[i + 1], 'event', ARGV[i + 2])
end
return { 'appended', last }
