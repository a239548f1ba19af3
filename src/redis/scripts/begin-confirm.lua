-- Marks a live hold as being booked and gives it the time that takes. Its seats stay held until
-- PostgreSQL has decided.
-- @include inventory
-- ARGV
--   2 owner
--   3 hold
--   4 grace ms     longer than every time-out on the way to PostgreSQL
-- Returns
--   confirming     {deadline, seats, attempt}: PostgreSQL must have committed before the deadline
--   unknown-hold   there is no such live hold; whether it was booked only PostgreSQL knows
--   foreign        it is somebody else's, or only offered: nothing may be decided about it
--   closed         not on sale
--   exhausted      its own time is over, and it was tried too often: the sweeper has PostgreSQL say no, and ends it

local owner, id, grace_ms = ARGV[2], ARGV[3], tonumber(ARGV[4])
-- Each attempt keeps the seats a little longer, also beyond the hold's own time: no more than so often.
local MAX_ATTEMPTS = 10

local hold = read_hold(id)
if not is_live(hold) then
  return finish('unknown-hold')
end
if hold.owner ~= owner or is_offer(hold) then
  return finish('foreign')
end
-- One that is being booked already may be committed at this moment: only PostgreSQL can refuse it.
if hold.state ~= 'c' and now >= tonumber(redis.call('HGET', META, 'closesAt')) then
  return finish('closed')
end
if hold.attempts >= MAX_ATTEMPTS and now >= hold.till then
  return finish('exhausted')
end
hold.state = 'c'
hold.attempts = hold.attempts + 1
local deadline = now + grace_ms
write_hold(hold, deadline)
return finish('confirming', { int(deadline), table.concat(hold.seats, ','), int(hold.attempts) })
