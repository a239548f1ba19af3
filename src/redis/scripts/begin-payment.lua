-- A hold is about to be paid for: gives it its paying time, once. From here on its seats cannot be changed.
-- @include inventory
-- ARGV
--   2 owner
--   3 hold
--   4 paying ms   time to pay, from now; a hold that has longer keeps it
-- Returns
--   paying        {hold id, until, extensions left, seats}
--   unknown-hold  not a live hold of this owner
--   confirming    it is being booked
--   closed        not on sale

local owner, id, paying_ms = ARGV[2], ARGV[3], tonumber(ARGV[4])
local rules = redis.call('HMGET', META, 'closesAt', 'extensions')
local hold = own_hold(id, owner)
if not hold then
  return finish('unknown-hold')
end
if hold.state == 'c' then
  return finish('confirming')
end
if now >= tonumber(rules[1]) then
  return finish('closed')
end
if hold.state == 'h' then
  hold.state = 'p'
  hold.till = math.max(hold.till, now + paying_ms)
  write_hold(hold, hold.till)
end
local left = math.max(0, tonumber(rules[2]) - hold.extensions)
return finish('paying', { id, int(hold.till), int(left), table.concat(hold.seats, ',') })
