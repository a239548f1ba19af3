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
--   unknown-offer   not a live offer of this owner, or its seats were sold over it

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
for _, seat in ipairs(hold.seats) do
  if seat_state(seat) ~= 'h' then
    -- A sale from before a lost Redis went over it: the entry keeps its place.
    free_held(hold.seats)
    drop_hold(hold, 0)
    if entry then
      entry.state, entry.hold = 'w', ''
      list.enqueue(entry)
      list.step(entry, 'revoked', nil, hold, 'sold', '')
      list.write(entry)
    end
    list.match()
    return finish('unknown-offer')
  end
end
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
