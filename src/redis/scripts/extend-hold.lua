-- Gives a live hold its full time anew, as often as the event allows.
-- @include inventory
-- ARGV
--   2 owner
--   3 request
--   4 fingerprint
--   5 hold
-- Returns
--   extended      {hold id, until, extensions left, seats}
--   repeat        {first status, its fields...}
--   reused        this request id was used for something else
--   closed        not on sale
--   unknown-hold  not a live hold of this owner
--   confirming    it is being paid for or booked
--   used-up       no extension left

local owner, request, fingerprint, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local first = recall(owner, request, fingerprint)
if first then
  return first
end

local rules = redis.call('HMGET', META, 'closesAt', 'holdMs', 'extensions')
if now >= tonumber(rules[1]) then
  return finish('closed')
end
local hold = own_hold(id, owner)
if not hold then
  return finish('unknown-hold')
end
if hold.state ~= 'h' then
  return finish('confirming')
end
if hold.extensions >= tonumber(rules[3]) then
  return finish('used-up')
end

hold.extensions = hold.extensions + 1
hold.till = now + rules[2]
write_hold(hold, hold.till)
local fields = { id, int(hold.till), int(tonumber(rules[3]) - hold.extensions), table.concat(hold.seats, ',') }
remember(owner, request, fingerprint, 'extended', fields)
return finish('extended', fields)
