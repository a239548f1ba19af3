-- Ends an entry of the waitlist, and frees what is kept for it.
-- @include inventory
-- ARGV
--   2 owner
--   3 entry
--   4 actor   "user,session,request", for the audit log
-- Returns
--   left
--   unknown-entry   not an entry of this owner that lives

local list = waitlist()
local entry = list.read(ARGV[3])
if not entry or entry.owner ~= ARGV[2] then
  return finish('unknown-entry')
end
local hold = list.let_go(entry)
list.stop(entry, 'left', 'left', hold, '', ARGV[4])
-- Others of this owner may have been kept from their seats by it.
list.match()
return finish('left')
