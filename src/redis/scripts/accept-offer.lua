-- An offer is accepted: it becomes an ordinary hold with its full time, and the entry ends.
-- @include inventory
-- ARGV
--   2 owner
--   3 request
--   4 fingerprint
--   5 hold
--   6 actor         "user,session,request", for the audit log
-- Returns
--   accepted        {hold id, until, extensions left, seats}
--   repeat          {first status, its fields...}
--   reused          this request id was used for something else
--   closed          not on sale
--   unknown-offer   not a live offer of this owner

local owner, request, fingerprint, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local first = recall(owner, request, fingerprint)
if first then
  return first
end
local rules = redis.call('HMGET', META, 'closesAt', 'holdMs', 'extensions')
if now >= tonumber(rules[1]) then
  return finish('closed')
end
local hold = read_hold(id)
if not is_live(hold) or hold.owner ~= owner or hold.state ~= 'o' then
  return finish('unknown-offer')
end
local list = waitlist()
local entry = list.read(redis.call('HGET', OFFERS, id) or '')
redis.call('HDEL', OFFERS, id)
hold.state = 'h'
hold.till = now + rules[2]
write_hold(hold, hold.till)
if entry then
  list.stop(entry, 'accepted', 'accepted', hold, '', ARGV[6])
end
-- What else this owner waits for waited for this.
list.match()
local fields = { id, int(hold.till), rules[3], table.concat(hold.seats, ',') }
remember(owner, request, fingerprint, 'accepted', fields)
return finish('accepted', fields)
