-- Puts an entry, which PostgreSQL has already, into the queue. Doing it twice changes nothing.
-- @include inventory
-- ARGV
--   2 entry
--   3 owner
--   4 category    its index, or * for any
--   5 quantity
--   6 together    t beside each other, a apart will do
--   7 order
-- Returns
--   queued      by this call
--   known       it is there, or has ended since
--   no-layout   it is not known which seats are beside each other: set it first

local id = ARGV[2]
if redis.call('HEXISTS', ENTRIES, id) == 1 or kept('ended:' .. id) then
  return finish('known')
end
if redis.call('HEXISTS', LAYOUT, '*') == 0 then
  return finish('no-layout')
end
local entry = { id = id, owner = ARGV[3], category = ARGV[4], quantity = tonumber(ARGV[5]), together = ARGV[6],
  passes = 0, missed = 0, order = tonumber(ARGV[7]), state = 'w', hold = '', since = 0, version = 0 }
waitlist().write(entry)
waitlist().enqueue(entry)
if not waits then
  redis.call('HSET', META, 'waitlist', '1')
  waits = true
end
-- Seats may have become free since they were looked for.
waitlist().match()
return finish('queued')
