-- PostgreSQL was asked to book a hold and wrote nothing, neither a booking nor a refusal: the hold goes on as
-- before, with the time it has left.
-- @include inventory
-- ARGV
--   2 hold
--   3 state    'h' held or 'p' being paid for: what it was before
-- Returns
--   resumed
--   confirming  another attempt is or was under way: only PostgreSQL can tell how it ends
--   unknown-hold

local hold = read_hold(ARGV[2])
if not hold then
  return finish('unknown-hold')
end
if hold.state ~= 'c' then
  return finish('resumed')
end
if hold.attempts > 1 then
  return finish('confirming')
end
hold.state = ARGV[3]
hold.attempts = 0
write_hold(hold, hold.till)
return finish('resumed')
