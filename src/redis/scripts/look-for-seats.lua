-- Whether somebody who wants to wait for seats could have them now.
-- @include inventory
-- ARGV
--   2 owner
--   3 category    its index, or * for any
--   4 quantity
--   5 together    t beside each other, a apart will do
-- Returns
--   available        {seats}: free, hold them
--   taken            there are not so many
--   no-layout        it is not known which seats are beside each other: set it first
--   closed           not on sale
--   seats-per-buyer  {left}

local owner, category, quantity, together = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
if now >= tonumber(redis.call('HGET', META, 'closesAt')) then
  return finish('closed')
end
if redis.call('HEXISTS', LAYOUT, '*') == 0 then
  return finish('no-layout')
end
local left = waitlist().left_for(owner)
if left < quantity then
  return finish('seats-per-buyer', { int(left) })
end
local seats = waitlist().find(category, quantity, together)
if seats then
  return finish('available', { table.concat(seats, ',') })
end
return finish('taken')
