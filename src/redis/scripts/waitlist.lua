-- Who waits for seats of the event. Included by inventory.lua; its functions are made when they are first needed, since
-- most calls are about events nobody waits for, and must not cost more for those who wait elsewhere.
--
-- An entry is "owner|quantity|category|together|passes|missed|order|state|hold|since|version":
--   category   its index, or * for any
--   together   t beside each other, a apart will do
--   passes     how often somebody after it was given seats it would have taken too
--   missed     offers that it declined or let run out
--   order      (9 - priority) * 1e14 + ms since 1970, its score in the queue
--   state      w waits, g gathers (matching.lua), o has an offer, and so is not in the queue
--   hold       the hold with its seats, since when (ms) it has it
--   version    of its last step: the time (ms), or one more than before
-- In classes it is "category:quantity:together:order:id", so that the first of all who ask the same is one look away.
--
-- A step is "kind|state|owner|order|missed|passes|hold|seats|since|until|at|position|reason|actor", its key
-- "entry:version". It stays in unrecorded until it is in PostgreSQL.

-- So many offers, then somebody else's turn has come for good.
local MAX_MISSED = 3
-- Entries that end in one call, so that no call is long; the sweeper gets the rest.
local MAX_ENDED = 100
-- Steps that are handed out again when nobody has written them down for so long, and how many in one call.
local RERECORD_MS = 3000
local MAX_RERECORDED = 500
-- While so many are not written down yet no more entries end: PostgreSQL is slower than Redis, or away.
local MAX_UNRECORDED = 2000
local UNRECORDED_MS = 200

-- '1' somebody waits; '2' also, and there may be free seats that nobody was asked about
local waits = meta[9] == '1' or meta[9] == '2'
local is_unmatched = meta[9] == '2'
local is_served = false
local steps = {}
-- Entries that have just let an offer go -> its seats, by number: not the same again at once.
local rested = {}
local state_words = { w = 'waiting', g = 'waiting', o = 'offered' }
local opened_waitlist, open_matching

local function open_waitlist(list)
  function list.read(id)
    local text = redis.call('HGET', ENTRIES, id)
    if not text then
      return nil
    end
    local owner, quantity, category, together, passes, missed, order, state, hold, since, version = string.match(text,
      '^([^|]*)|(%d+)|([^|]*)|(%a)|(%d+)|(%d+)|(%d+)|(%a)|([^|]*)|(%d+)|(%d+)$')
    return {
      id = id,
      owner = owner,
      quantity = tonumber(quantity),
      category = category,
      together = together,
      passes = tonumber(passes),
      missed = tonumber(missed),
      order = tonumber(order),
      state = state,
      hold = hold,
      since = tonumber(since),
      version = tonumber(version),
    }
  end

  function list.write(entry)
    redis.call('HSET', ENTRIES, entry.id, table.concat({ entry.owner, int(entry.quantity), entry.category,
      entry.together, int(entry.passes), int(entry.missed), int(entry.order), entry.state, entry.hold,
      int(entry.since), int(entry.version) }, '|'))
  end

  local function class_member(entry)
    return string.format('%s:%d:%s:%016.0f:%s', entry.category, entry.quantity, entry.together, entry.order, entry.id)
  end

  function list.enqueue(entry)
    redis.call('ZADD', QUEUE, int(entry.order), entry.id)
    redis.call('ZADD', CLASSES, 0, class_member(entry))
  end

  function list.dequeue(entry)
    redis.call('ZREM', QUEUE, entry.id)
    redis.call('ZREM', CLASSES, class_member(entry))
  end

  -- Writes down what happened to an entry, for whoever asked. hold: with the seats it is about, or nil.
  function list.step(entry, kind, state, hold, reason, actor)
    entry.version = math.max(entry.version + 1, now)
    local key = entry.id .. ':' .. int(entry.version)
    local at = #changed > 0 and position + 1 or position
    local text = table.concat({ kind, state or state_words[entry.state], entry.owner, int(entry.order),
      int(entry.missed), int(entry.passes), hold and hold.id or '', hold and table.concat(hold.seats, ',') or '',
      int(entry.since), int(hold and hold.till or 0), int(now), int(at), reason, actor }, '|')
    redis.call('HSET', UNRECORDED, key, text)
    steps[#steps + 1] = key
    steps[#steps + 1] = text
  end

  -- What follows for the gathering of others when an entry gathers no more.
  function list.stop_gathering(entry)
    local others = {}
    for _, id in ipairs(split(redis.call('HGET', META, 'gathering') or '')) do
      if id ~= entry.id then
        others[#others + 1] = id
      end
    end
    redis.call('HSET', META, 'gathering', table.concat(others, ','))
  end

  -- The entry is over. What was kept for it is free already.
  function list.stop(entry, kind, state, hold, reason, actor)
    list.dequeue(entry)
    redis.call('HDEL', ENTRIES, entry.id)
    -- A join that is told of late must not bring it back.
    keep('ended:' .. entry.id, '1')
    list.step(entry, kind, state, hold, reason, actor)
  end

  -- Gives up what is kept for an entry. Answers its offer, or nil.
  function list.let_go(entry)
    if entry.hold == '' then
      return nil
    end
    local hold = read_hold(entry.hold)
    redis.call('HDEL', OFFERS, entry.hold)
    entry.hold = ''
    if hold then
      free_held(hold.seats)
      drop_hold(hold, 0)
    end
    if entry.state == 'g' then
      list.stop_gathering(entry)
      if hold then
        list.step(entry, 'let-go', nil, hold, '', '')
      end
      return nil
    end
    return hold
  end

  -- The seats of an offer, or what was gathered, have been freed: its time is over, or nobody wants them.
  function list.missed(hold, kind, actor)
    local id = redis.call('HGET', OFFERS, hold.id)
    redis.call('HDEL', OFFERS, hold.id)
    local entry = id and list.read(id)
    if not entry then
      return
    end
    entry.hold = ''
    if hold.state == 'g' then
      list.stop_gathering(entry)
      entry.state, entry.passes = 'w', 0
      list.step(entry, 'let-go', nil, hold, '', actor)
      list.write(entry)
      return
    end
    if now >= tonumber(redis.call('HGET', META, 'closesAt')) then
      list.stop(entry, 'revoked', 'closed', hold, 'sale-ended', actor)
      return
    end
    entry.missed = entry.missed + 1
    if entry.missed >= MAX_MISSED then
      list.stop(entry, kind, 'expired', hold, 'offers-missed', actor)
      return
    end
    rested[id] = {}
    for _, seat in ipairs(hold.seats) do
      rested[id][tonumber(seat)] = true
    end
    entry.state = 'w'
    local order = math.floor(entry.order / 1e14) * 1e14 + now
    -- Never before where it was, whatever the clock says.
    entry.order = math.max(order, entry.order + 1)
    list.enqueue(entry)
    list.step(entry, kind, nil, hold, '', actor)
    list.write(entry)
  end

  -- The sale is over: ends whoever waits. Answers whether there are more.
  function list.close()
    local ids = redis.call('ZRANGE', QUEUE, 0, MAX_ENDED - 1)
    for _, id in ipairs(redis.call('HVALS', OFFERS)) do
      if #ids == MAX_ENDED then
        break
      end
      ids[#ids + 1] = id
    end
    for _, id in ipairs(ids) do
      local entry = list.read(id)
      if entry then
        local hold = list.let_go(entry)
        list.stop(entry, hold and 'revoked' or 'closed', 'closed', hold, 'sale-ended', '')
      else
        redis.call('ZREM', QUEUE, id)
      end
    end
    return #ids == MAX_ENDED
  end

  -- What the sweeper does. Answers in how many ms there is something to be done again, or nil.
  function list.tend()
    local closes = tonumber(redis.call('HGET', META, 'closesAt'))
    local due = math.max(0, closes - now)
    if closes <= now then
      if redis.call('HLEN', UNRECORDED) > MAX_UNRECORDED then
        due = UNRECORDED_MS
      else
        due = list.close() and 0 or nil
      end
    end
    -- Any of them: all have their turn, and none is looked at twice where there are few.
    local waiting = redis.call('HRANDFIELD', UNRECORDED, MAX_RERECORDED, 'WITHVALUES')
    for i = 1, #waiting, 2 do
      if now - tonumber(string.match(waiting[i], '%d+$')) > RERECORD_MS then
        steps[#steps + 1] = waiting[i]
        steps[#steps + 1] = waiting[i + 1]
      end
    end
    if #waiting > 0 then
      due = math.min(due or RERECORD_MS, RERECORD_MS)
    end
    return due
  end

  function list.rank(id)
    local rank = redis.call('ZRANK', QUEUE, id)
    return rank and int(rank + 1) or ''
  end
end

-- The functions of the waitlist.
local function waitlist()
  if not opened_waitlist then
    opened_waitlist = {}
    open_waitlist(opened_waitlist)
    open_matching(opened_waitlist)
  end
  return opened_waitlist
end
