-- An offer is declined: its seats go to the next at once, and the entry to the end of the queue, or out of it.
-- @include inventory
-- ARGV
--   2 owner
--   3 request
--   4 fingerprint
--   5 hold
--   6 actor         "user,session,request", for the audit log
-- Returns
--   declined        {entry}
--   repeat          {first status, its fields...}
--   reused          this request id was used for something else
--   unknown-offer   not a live offer of this owner

local owner, request, fingerprint, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local first = recall(owner, request, fingerprint)
if first then
  return first
end
local hold = read_hold(id)
if not is_live(hold) or hold.owner ~= owner or hold.state ~= 'o' then
  return finish('unknown-offer')
end
local entry = redis.call('HGET', OFFERS, id) or ''
free_held(hold.seats)
drop_hold(hold, 0)
waitlist().missed(hold, 'declined', ARGV[6])
waitlist().match()
remember(owner, request, fingerprint, 'declined', { entry })
return finish('declined', { entry })
