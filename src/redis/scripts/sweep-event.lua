-- Frees what has run out and cuts a tick that is overdue because the node that promised it died (the
-- included part does both), and says where the map stands. With an idle event it writes nothing.
-- @include inventory
-- Returns
--   swept   {position of the last tick, in how many ms the next hold is due or ''}

local result = finish('swept')
local next_due = redis.call('ZRANGE', EXPIRY, 0, 0, 'WITHSCORES')
result[8] = { int(cut), next_due[2] and int(math.max(0, tonumber(next_due[2]) - now)) or '' }
return result
