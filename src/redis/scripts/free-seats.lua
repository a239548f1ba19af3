-- Seats of a booking were cancelled: they become free. Each once: a repeat must not free a seat for a second
-- time, when somebody else may have bought it.
-- @include inventory
-- ARGV
--   2 owner    who had booked them
--   3 booking
--   4 hold     the booking's; if it is still being shown as sold, these seats of it end here
--   5.. seats
-- Returns
--   freed      {seats that were sold or held by it until now}

local owner, booking, freed, sold = ARGV[2], ARGV[3], {}, 0
local done, hold = cancelled_seats(booking), read_hold(ARGV[4])
local own = {}
for _, seat in ipairs(hold and hold.owner == owner and hold.seats or {}) do
  own[seat] = true
end
for i = 5, #ARGV do
  local seat = ARGV[i]
  if not done[seat] then
    done[seat] = true
    local state = seat_state(seat)
    if state == 's' then
      sold = sold + 1
    end
    -- Held: the cancellation has overtaken what shows the seat as sold.
    if state == 's' or (state == 'h' and own[seat]) then
      set_seat(seat, 'f')
      freed[#freed + 1] = seat
    end
  end
end
if next(own) then
  local stay = {}
  for _, seat in ipairs(hold.seats) do
    if not done[seat] then
      stay[#stay + 1] = seat
    end
  end
  if #stay == 0 then
    drop_hold(hold, 0)
  elseif #stay < #hold.seats then
    hold.seats = stay
    redis.call('HSET', HOLDS, hold.id, hold_text(hold))
  end
end
if sold > 0 then
  local buyer = read_buyer(owner)
  buyer.booked = math.max(0, buyer.booked - sold)
  write_buyer(owner, buyer)
end
local list = {}
for seat in pairs(done) do
  list[#list + 1] = seat
end
keep('cancelled:' .. booking, table.concat(list, ','))
return finish('freed', { table.concat(freed, ',') })
