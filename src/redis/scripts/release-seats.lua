-- Frees all seats of a hold, or some of them.
-- @include inventory
-- ARGV
--   2 owner
--   3 request
--   4 fingerprint
--   5 hold
--   6.. seats      the ones to free; none: all
-- Returns
--   released       {hold id, until, extensions left, seats that stay held, state (h held, p being paid for)}
--   repeat         {first status, its fields...}
--   reused         this request id was used for something else
--   unknown-hold   not a live hold of this owner
--   confirming     it is being booked, or paid for and only some seats are to go
--   unknown-seats  {seats, count}: not seats of this hold

local owner, request, fingerprint, id = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local first = recall(owner, request, fingerprint)
if first then
  return first
end

local hold = own_hold(id, owner)
if not hold then
  return finish('unknown-hold')
end
-- What is being paid for can be given up, but not changed: its price is settled.
if hold.state == 'c' or (hold.state == 'p' and #ARGV > 5) then
  return finish('confirming')
end

local mine = {}
for _, seat in ipairs(hold.seats) do
  mine[seat] = true
end
local go, unknown = {}, {}
for i = 6, #ARGV do
  go[ARGV[i]] = true
  if not mine[ARGV[i]] then
    unknown[#unknown + 1] = ARGV[i]
  end
end
if #unknown > 0 then
  return finish('unknown-seats', { table.concat(unknown, ','), int(#hold.seats) })
end

local leave, stay = {}, {}
for _, seat in ipairs(hold.seats) do
  local list = (#ARGV == 5 or go[seat]) and leave or stay
  list[#list + 1] = seat
end
free_held(leave)
hold.seats = stay
if #stay == 0 then
  drop_hold(hold, 0)
else
  write_hold(hold, hold.till)
end
local allowed = tonumber(redis.call('HGET', META, 'extensions'))
local fields = { id, int(hold.till), int(math.max(0, allowed - hold.extensions)), table.concat(stay, ','),
  hold.state }
remember(owner, request, fingerprint, 'released', fields)
return finish('released', fields)
