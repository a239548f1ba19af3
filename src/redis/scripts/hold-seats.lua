-- Holds seats for one buyer: all of them or none.
-- @include inventory
-- ARGV
--   2 owner        buyer
--   3 request      request id
--   4 fingerprint  of what is asked, to notice a request id used twice
--   5 hold         id of the new hold
--   6 into         id of a live hold of this owner to add to, or ''
--   7.. seats      indexes
-- Returns
--   held            {hold id, until, extensions left, seats}
--   repeat          {first status, its fields...}
--   reused          this request id was used for something else
--   closed          not on sale
--   unknown-seats   {seats, count}
--   unknown-hold    `into` is not a live hold of this owner
--   confirming      `into` is being paid for or booked
--   seats-per-hold  {allowed}
--   seats-per-buyer {allowed, left}
--   taken           {seats}

local owner, request, fingerprint, id, into = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local first = recall(owner, request, fingerprint)
if first then
  return first
end

local rules = redis.call('HMGET', META, 'closesAt', 'count', 'holdMs', 'seatsPerHold', 'seatsPerBuyer', 'extensions')
if now >= tonumber(rules[1]) then
  return finish('closed')
end

local count, unknown = tonumber(rules[2]), {}
for i = 7, #ARGV do
  if tonumber(ARGV[i]) >= count then
    unknown[#unknown + 1] = ARGV[i]
  end
end
if #unknown > 0 then
  return finish('unknown-seats', { table.concat(unknown, ','), rules[2] })
end

local function not_free()
  local seats = {}
  for i = 7, #ARGV do
    if seat_state(ARGV[i]) ~= 'f' then
      seats[#seats + 1] = ARGV[i]
    end
  end
  return seats
end
local taken = not_free()
-- More may be due than are freed at a time, and none of them may block these seats. Ends with the last
-- hold that is due, and each is paid for once: 25 ms for a thousand.
while #taken > 0 and more_due do
  more_due = sweep()
  taken = not_free()
end

local hold = { id = id, state = 'h', owner = owner, till = now + rules[3], extensions = 0, attempts = 0, seats = {} }
if into ~= '' then
  hold = own_hold(into, owner)
  if not hold then
    return finish('unknown-hold')
  end
  if hold.state ~= 'h' then
    return finish('confirming')
  end
end

local wanted = #ARGV - 6
if #hold.seats + wanted > tonumber(rules[4]) then
  return finish('seats-per-hold', { rules[4] })
end

local buyer = read_buyer(owner)
local has = buyer.booked
for _, held in ipairs(buyer.holds) do
  local other = read_hold(held)
  if is_live(other) then
    has = has + #other.seats
  end
end
if has + wanted > tonumber(rules[5]) then
  return finish('seats-per-buyer', { rules[5], int(math.max(0, tonumber(rules[5]) - has)) })
end

if #taken > 0 then
  -- Not remembered: nothing was changed, and a crowd that is refused must not fill the memory.
  return finish('taken', { table.concat(taken, ',') })
end

for i = 7, #ARGV do
  set_seat(ARGV[i], 'h')
  hold.seats[#hold.seats + 1] = ARGV[i]
end
write_hold(hold, hold.till)
if into == '' then
  buyer.holds[#buyer.holds + 1] = id
  write_buyer(owner, buyer)
end
local left = math.max(0, tonumber(rules[6]) - hold.extensions)
local fields = { hold.id, int(hold.till), int(left), table.concat(hold.seats, ',') }
remember(owner, request, fingerprint, 'held', fields)
return finish('held', fields)
