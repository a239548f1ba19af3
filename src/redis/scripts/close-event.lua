-- Ends the sale of an event, frees its holds and ends its waitlist, a bounded number a call.
-- @include inventory
-- Returns
--   closed   all holds are gone, but for those that are being booked, and nobody waits
--   more     call again

redis.call('HSET', META, 'closesAt', '0')
-- Bounded by the holds that are being booked, and by those that are freed at a time.
local booking, freed = 0, 0
while freed < MAX_LAPSED do
  local id = redis.call('ZRANGE', EXPIRY, booking, booking)[1]
  if not id then
    if waits and waitlist().close() then
      return finish('more')
    end
    return finish('closed')
  end
  local hold = read_hold(id)
  if not hold then
    redis.call('ZREM', EXPIRY, id)
  elseif hold.state == 'c' then
    -- PostgreSQL refuses it, since the event is cancelled; whoever asked ends it.
    booking = booking + 1
  else
    lapse(hold)
    freed = freed + 1
  end
end
return finish('more')
