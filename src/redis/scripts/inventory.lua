-- The part every script of an event begins with: opens the event, frees what has run out, and gives
-- the functions that change seats and cut ticks. Included by the loader, never run alone.
--
-- KEYS (all of one event, one hash tag)
--   1 seats    string, one byte a seat: f free, h held, s sold, b blocked
--   2 holds    hash, hold id -> "state|owner|until|extensions|attempts|seats"
--   3 expiry   zset, hold id by the time it is due (ms)
--   4 meta     hash: epoch, run, position, cut, cutAt, promised, rules of the event
--   5 dirty    hash, seats changed since the last tick -> state
--   6 log      stream of ticks, id = the tick's last position
--   7 replies  hash, owner:request -> first answer (this hour's)
--   8 earlier  hash, the same of the hour before
--   9 buyers   hash, owner -> "booked|hold id,hold id,..."
--   10 queue       zset, who waits for seats: entry id by its order
--   11 classes     zset, the same by what they ask for (waitlist.lua)
--   12 entries     hash, entry id -> what is known of it (waitlist.lua)
--   13 offers      hash, hold id -> entry id that the seats of the hold are kept for
--   14 layout      hash, category -> its stretches of neighbours (matching.lua)
--   15 unrecorded  hash, steps of the waitlist that PostgreSQL may not have heard of
-- ARGV
--   1 run      run id of the Redis the caller is connected to
-- Returns, for every script that includes this: {status, epoch, position, tick, dueMs, lapsed, unsettled, fields, now, steps}
--   tick       {} or {from, to, "12h15s"}: publish it
--   dueMs      -1, or: cut a tick in so many ms; said to one caller only
--   lapsed     {hold id, owner, seats, ...}: holds that ran out just now; tell their owners
--   unsettled  {hold id, ...}: confirms that got no end in time; ask PostgreSQL how they ended
--   now        the time of this Redis (ms): when all this happened
--   steps      {key, step, ...} of the waitlist (waitlist.lua), if there were any: write them down, tell whom they concern
--   status 'unloaded': the event is not in this Redis, or was before this Redis restarted: load it

local SEATS, HOLDS, EXPIRY, META, DIRTY = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local LOG, REPLIES, EARLIER, BUYERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local QUEUE, CLASSES, ENTRIES, OFFERS = KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local LAYOUT, UNRECORDED = KEYS[14], KEYS[15]

-- So many due holds are freed at a time, so that no call is long; the sweeper gets the rest.
local MAX_LAPSED = 100
-- Ticks kept for catching up: 1024 are 40 s of a rush at 25 a second.
local LOG_TICKS = 1024
-- A confirm whose node went silent is asked about again after so long.
local RESETTLE_MS = 3000
-- First answers are kept for one to two of these.
local REPLIES_MS = 86400000

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local meta = redis.call('HMGET', META, 'epoch', 'run', 'position', 'cut', 'cutAt', 'tickMs', 'promised',
  'repliesSince', 'waitlist')
if not meta[1] or meta[2] ~= ARGV[1] then
  return { 'unloaded', '', 0, {}, -1, {}, {}, {} }
end
local epoch, position, cut = meta[1], tonumber(meta[3]), tonumber(meta[4])
local cut_at, tick_ms, promised = tonumber(meta[5]), tonumber(meta[6]), tonumber(meta[7])

local changed, lapsed, unsettled = {}, {}, {}
-- Whether a seat became free since whoever waits was last asked.
local has_freed = false

-- Lua writes large numbers as 1.7e+12; times and positions must stay whole.
local function int(n)
  return string.format('%.0f', n)
end

local function seat_state(seat)
  return redis.call('GETRANGE', SEATS, seat, seat)
end

local function set_seat(seat, state)
  redis.call('SETRANGE', SEATS, seat, state)
  changed[#changed + 1] = seat
  changed[#changed + 1] = state
  has_freed = has_freed or state == 'f'
end

-- A seat that was sold over the head of a hold stays sold when the hold ends.
local function free_held(seats)
  for _, seat in ipairs(seats) do
    if seat_state(seat) == 'h' then
      set_seat(seat, 'f')
    end
  end
end

local function split(text)
  local list = {}
  for part in string.gmatch(text, '[^,]+') do
    list[#list + 1] = part
  end
  return list
end

local function read_buyer(owner)
  local text = redis.call('HGET', BUYERS, owner)
  if not text then
    return { booked = 0, holds = {} }
  end
  local booked, holds = string.match(text, '^(%d+)|(.*)$')
  return { booked = tonumber(booked), holds = split(holds) }
end

local function write_buyer(owner, buyer)
  if buyer.booked == 0 and #buyer.holds == 0 then
    redis.call('HDEL', BUYERS, owner)
  else
    redis.call('HSET', BUYERS, owner, int(buyer.booked) .. '|' .. table.concat(buyer.holds, ','))
  end
end

local function read_hold(id)
  local text = redis.call('HGET', HOLDS, id)
  if not text then
    return nil
  end
  local state, owner, till, extensions, attempts, seats =
    string.match(text, '^(%a)|([^|]*)|(%d+)|(%d+)|(%d+)|(.*)$')
  return {
    id = id,
    state = state,
    owner = owner,
    till = tonumber(till),
    extensions = tonumber(extensions),
    attempts = tonumber(attempts),
    seats = split(seats),
  }
end

-- One that is due but not swept yet is as good as gone.
local function is_live(hold)
  return hold ~= nil and (hold.state == 'c' or hold.till > now)
end

-- Seats that are kept for somebody who waits: no hold yet, for all that can be done with holds.
local function is_offer(hold)
  return hold.state == 'o' or hold.state == 'g'
end

-- A live hold of this owner, or nil.
local function own_hold(id, owner)
  local hold = read_hold(id)
  if is_live(hold) and hold.owner == owner and not is_offer(hold) then
    return hold
  end
  return nil
end

-- State: 'h' held, 'p' being paid for (its seats are settled), 'c' being booked, 'o' offered to somebody who waits,
-- 'g' gathered for somebody who waits.
local function hold_text(hold)
  return hold.state .. '|' .. hold.owner .. '|' .. int(hold.till) .. '|' .. hold.extensions .. '|'
    .. hold.attempts .. '|' .. table.concat(hold.seats, ',')
end

-- due: when the sweeper looks at it; for one that is not being booked the time it runs out.
local function write_hold(hold, due)
  redis.call('HSET', HOLDS, hold.id, hold_text(hold))
  redis.call('ZADD', EXPIRY, int(due), hold.id)
end

local function drop_hold(hold, booked)
  redis.call('HDEL', HOLDS, hold.id)
  redis.call('ZREM', EXPIRY, hold.id)
  local buyer = read_buyer(hold.owner)
  for i = #buyer.holds, 1, -1 do
    if buyer.holds[i] == hold.id then
      table.remove(buyer.holds, i)
    end
  end
  buyer.booked = buyer.booked + booked
  write_buyer(hold.owner, buyer)
end

-- Two hashes that change places once a day forget in O(1) what is older than two days.
local function keep(key, value)
  if now - tonumber(meta[8]) > REPLIES_MS then
    redis.call('UNLINK', EARLIER)
    if redis.call('EXISTS', REPLIES) == 1 then
      redis.call('RENAME', REPLIES, EARLIER)
    end
    redis.call('HSET', META, 'repliesSince', int(now))
    meta[8] = int(now)
  end
  redis.call('HSET', REPLIES, key, value)
end

local function kept(key)
  return redis.call('HGET', REPLIES, key) or redis.call('HGET', EARLIER, key)
end

-- @include waitlist
-- @include matching

-- Whoever waits comes first: what became free is theirs before anybody sees it free.
local function serve_waiting()
  if waits and (has_freed or (is_unmatched and not is_served)) then
    has_freed = false
    waitlist().match()
  end
end

local function lapse(hold)
  free_held(hold.seats)
  drop_hold(hold, 0)
  if is_offer(hold) then
    waitlist().missed(hold, 'expired', '')
    return
  end
  lapsed[#lapsed + 1] = hold.id
  lapsed[#lapsed + 1] = hold.owner
  lapsed[#lapsed + 1] = table.concat(hold.seats, ',')
end

-- Answers whether more may be due.
local function sweep()
  local due = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', int(now), 'LIMIT', 0, MAX_LAPSED)
  for _, id in ipairs(due) do
    local hold = read_hold(id)
    if not hold then
      redis.call('ZREM', EXPIRY, id)
    elseif hold.state == 'c' then
      -- PostgreSQL may have sold them: they stay held until it has been asked.
      unsettled[#unsettled + 1] = id
      redis.call('ZADD', EXPIRY, int(now + RESETTLE_MS), id)
    else
      lapse(hold)
    end
  end
  serve_waiting()
  return #due == MAX_LAPSED
end

local function remember(owner, request, fingerprint, status, fields)
  keep(owner .. ':' .. request, fingerprint .. '|' .. status .. '|' .. table.concat(fields, '|'))
end

local function cut_tick()
  local dirty = redis.call('HGETALL', DIRTY)
  local tick = { cut + 1, position, table.concat(dirty) }
  redis.call('DEL', DIRTY)
  redis.call('XADD', LOG, 'MAXLEN', '~', LOG_TICKS, int(position) .. '-0', 'from', int(cut + 1), 'seats', tick[3])
  redis.call('HSET', META, 'cut', int(position), 'cutAt', int(now), 'promised', '0')
  cut = position
  return tick
end

-- Writes down what changed, cuts a tick if one is due, and makes the answer.
local function finish(status, fields)
  serve_waiting()
  if #changed > 0 then
    position = position + 1
    -- unpack is bounded by Lua's stack of 8000
    for first = 1, #changed, 1000 do
      redis.call('HSET', DIRTY, unpack(changed, first, math.min(first + 999, #changed)))
    end
    redis.call('HSET', META, 'position', int(position))
  end
  local tick, due_ms = {}, -1
  if position > cut then
    local wait = cut_at + tick_ms - now
    -- A wait longer than a tick means that the clock went back.
    if wait <= 0 or wait > tick_ms then
      tick = cut_tick()
    elseif promised <= now - tick_ms or promised > now + tick_ms then
      due_ms = wait
      redis.call('HSET', META, 'promised', int(now + wait))
    end
  end
  return { status, epoch, position, tick, due_ms, lapsed, unsettled, fields or {}, now, #steps > 0 and steps or nil }
end

-- The answer to a request of this owner that was answered before, or nil.
local function recall(owner, request, fingerprint)
  local first = kept(owner .. ':' .. request)
  if not first then
    return nil
  end
  local print, answer = string.match(first, '^([^|]*)|(.*)$')
  if print ~= fingerprint then
    return finish('reused')
  end
  return finish('repeat', { answer })
end

-- Seats of a booking that were cancelled, and shown as free. A sale that is shown late must not take them
-- back, nor a cancellation that is shown twice take them from whoever has them by now.
local function cancelled_seats(booking)
  local set = {}
  for _, seat in ipairs(split(kept('cancelled:' .. booking) or '')) do
    set[seat] = true
  end
  return set
end

-- Seats that changed after a position, or nil when the log does not reach back so far. Some more than that: a tick
-- that covers the position tells of what came before it as well.
local function changed_since(since)
  local set = {}
  if since < cut then
    local ticks = redis.call('XRANGE', LOG, '(' .. int(since) .. '-0', '+')
    if not ticks[1] or tonumber(ticks[1][2][2]) > since + 1 then
      return nil
    end
    for _, tick in ipairs(ticks) do
      for seat in string.gmatch(tick[2][4], '%d+') do
        set[seat] = true
      end
    end
  end
  for _, seat in ipairs(redis.call('HKEYS', DIRTY)) do
    set[seat] = true
  end
  for i = 1, #changed, 2 do
    set[changed[i]] = true
  end
  return set
end

local more_due = sweep()
