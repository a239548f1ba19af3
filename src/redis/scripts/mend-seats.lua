-- Seats were seen to differ from PostgreSQL: shows them as they should be, unless they have changed since.
-- @include inventory
-- ARGV
--   2 epoch      of the look
--   3 position   of the look, which came before PostgreSQL was asked
--   4.. seat, state it was seen in, booking that has it or '', hold that has it or ''
-- Returns
--   mended   {"12f,15s": those that were mended}
--   moved    the map is another, or too much has changed to tell

local since = ARGV[2] == epoch and changed_since(tonumber(ARGV[3])) or nil
if not since then
  return finish('moved')
end

local in_hold = {}
for _, text in ipairs(redis.call('HVALS', HOLDS)) do
  for seat in string.gmatch(string.match(text, '[^|]*$'), '[^,]+') do
    in_hold[seat] = true
  end
end

-- What a seat should be, or nil if that is not certain any more.
local function target(seat, booking, id)
  if booking ~= '' then
    return not cancelled_seats(booking)[seat] and 's' or nil
  end
  if id ~= '' then
    -- One that is being booked may be sold by now.
    local hold = read_hold(id)
    return hold and hold.state ~= 'c' and in_hold[seat] and 'h' or nil
  end
  -- Held since the look: then it is somebody's, whatever PostgreSQL has said before.
  return not in_hold[seat] and 'f' or nil
end

local mended = {}
for i = 4, #ARGV, 4 do
  local seat, seen = ARGV[i], ARGV[i + 1]
  if seat_state(seat) == seen and not since[seat] then
    local state = target(seat, ARGV[i + 2], ARGV[i + 3])
    if state and state ~= seen then
      set_seat(seat, state)
      mended[#mended + 1] = seat .. state
    end
  end
end
return finish('mended', { table.concat(mended, ',') })
