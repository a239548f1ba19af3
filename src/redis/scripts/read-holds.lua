-- The live holds of one buyer.
-- @include inventory
-- ARGV
--   2 owner
-- Returns
--   holds   {hold id, until, extensions left, seats, ...}

local allowed = tonumber(redis.call('HGET', META, 'extensions'))
local fields = {}
for _, id in ipairs(read_buyer(ARGV[2]).holds) do
  local hold = read_hold(id)
  if is_live(hold) and not is_offer(hold) then
    fields[#fields + 1] = id
    fields[#fields + 1] = int(hold.till)
    fields[#fields + 1] = int(math.max(0, allowed - hold.extensions))
    fields[#fields + 1] = table.concat(hold.seats, ',')
  end
end
return finish('holds', fields)
