-- Takes over what an organizer changed: until when the event is on sale.
-- @include inventory
-- ARGV
--   2 closes at (ms)
-- Returns
--   set

redis.call('HSET', META, 'closesAt', ARGV[2])
-- What became free too late for an offer may be in time for one now.
if waits then
  waitlist().match()
end
return finish('set')
