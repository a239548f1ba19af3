-- Frees what has run out and cuts a tick that is overdue because the node that promised it died (the
-- included part does both), ends a waitlist whose sale is over, and says where the map stands. With an idle event it
-- writes nothing.
-- @include inventory
-- Returns
--   swept   {position of the last tick, in how many ms there is something to be done or ''}

local tend_in = waits and waitlist().tend() or nil
local result = finish('swept')
local next_due = redis.call('ZRANGE', EXPIRY, 0, 0, 'WITHSCORES')
local due_in = next_due[2] and math.max(0, tonumber(next_due[2]) - now) or tend_in
if due_in and tend_in then
  due_in = math.min(due_in, tend_in)
end
result[8] = { int(cut), due_in and int(due_in) or '' }
return result
