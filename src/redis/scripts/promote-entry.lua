-- Puts an entry before all that were not put there earlier, and gives it seats now if there are any.
-- @include inventory
-- ARGV
--   2 entry
--   3 actor   "user,session,request", for the audit log
-- Returns
--   promoted
--   unknown-entry   it does not live
--   closed          not on sale

local list = waitlist()
if now >= tonumber(redis.call('HGET', META, 'closesAt')) then
  return finish('closed')
end
local entry = list.read(ARGV[2])
if not entry then
  return finish('unknown-entry')
end
-- Below 1e14 is who was promoted before; whoever has an offer is served already.
if entry.state ~= 'o' and entry.order >= 1e14 then
  list.dequeue(entry)
  entry.order = now
  list.enqueue(entry)
  list.step(entry, 'advanced', nil, nil, '', ARGV[3])
  list.write(entry)
  list.match()
end
return finish('promoted')
