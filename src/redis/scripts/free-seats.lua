-- A booking was cancelled: its seats become free. Once: a repeat must not free them for a second time,
-- when somebody else may have bought them.
-- @include inventory
-- ARGV
--   2 owner    who had booked them
--   3 request  request id, made from the booking's id
--   4 fingerprint
--   5 hold     the booking's; if it is still being shown as sold it ends here
--   6.. seats
-- Returns
--   freed      {seats that were sold or held by it until now}
--   repeat     {first status, its fields...}
--   reused     this request id was used for something else

local owner, request, fingerprint, freed = ARGV[2], ARGV[3], ARGV[4], {}
local first = recall(owner, request, fingerprint)
if first then
  return first
end
local sold = 0
for i = 6, #ARGV do
  if seat_state(ARGV[i]) == 's' then
    set_seat(ARGV[i], 'f')
    freed[#freed + 1] = ARGV[i]
    sold = sold + 1
  end
end
-- The cancellation has overtaken what shows the seats as sold.
local hold = read_hold(ARGV[5])
if hold and hold.owner == owner then
  for _, seat in ipairs(hold.seats) do
    if seat_state(seat) == 'h' then
      freed[#freed + 1] = seat
    end
  end
  free_held(hold.seats)
  drop_hold(hold, 0)
end
if sold > 0 then
  local buyer = read_buyer(owner)
  buyer.booked = math.max(0, buyer.booked - sold)
  write_buyer(owner, buyer)
end
local fields = { table.concat(freed, ',') }
remember(owner, request, fingerprint, 'freed', fields)
return finish('freed', fields)
