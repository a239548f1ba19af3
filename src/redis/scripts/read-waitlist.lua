-- Where entries of the waitlist stand, and what is offered to them.
-- @include inventory
-- ARGV
--   2.. entries
-- Returns
--   waitlist   {how many wait, entry, rank from 1 or '', hold of its offer or '', until (ms), seats, missed, how many
--              seats it has gathered, ...}; those that do not live are left out

local list = waitlist()
local fields = { int(redis.call('ZCARD', QUEUE)) }
for i = 2, #ARGV do
  local entry = list.read(ARGV[i])
  if entry then
    local hold = entry.state == 'o' and read_hold(entry.hold) or nil
    local gathered = entry.state == 'g' and read_hold(entry.hold) or nil
    fields[#fields + 1] = entry.id
    fields[#fields + 1] = list.rank(entry.id)
    fields[#fields + 1] = hold and hold.id or ''
    fields[#fields + 1] = hold and int(hold.till) or '0'
    fields[#fields + 1] = hold and table.concat(hold.seats, ',') or ''
    fields[#fields + 1] = int(entry.missed)
    fields[#fields + 1] = int(gathered and #gathered.seats or 0)
  end
end
return finish('waitlist', fields)
