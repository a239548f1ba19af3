-- Which of those who wait gets which free seats. Included by inventory.lua after waitlist.lua.
--
-- Whoever comes first in order and can be served is served, with the seats of the lowest indexes, or of the first run of
-- neighbours that is long enough. Somebody who needs many would wait for ever while others take seat after seat: who was
-- passed over MAX_PASSES times gathers. From then on what is free and fits is kept for it, until there is enough or
-- GATHER_MS are over.
--
-- Layout: category (or * for all) -> "first-last:first-last,first-last,...": from where to where it reaches, then the
-- stretches of seats beside each other.

local MAX_PASSES = 5
local GATHER_MS = 1800000
-- Who wants seats beside each other gathers so many times what it needs, in the hope of a run.
local GATHER_TIMES = 4
-- Seats that were gathered in vain come back so many times the least of an offer before the sale ends.
local LEAST_AFTER = 10
-- An offer is worth nothing without a minute to take it, or what the event gives if that is less.
local LEAST_OFFER_MS = 60000
-- Offers in one call, so that no call is longer than a fifth of a second: 0.4 ms each where 5,000 wait for 20,000 seats.
-- Only a map that was loaded anew has so many.
local MAX_OFFERS = 500
-- Entries of one class that are looked at for one that may be served: others have an offer, or as many seats as they may.
local MAX_LOOKED = 1000
local LOOKED_AT_ONCE = 20

function open_matching(list)
  -- Of this call: the seats, the stretches of each category, its runs of free seats, the first of each class (false:
  -- nobody can be served), and entries that were read: changed in place, so that all see the same.
  local text, rows, free, heads, entries = nil, {}, {}, {}, {}
  local closes, least_ms, offer_ms, per_buyer

  local function read_rules()
    local rules = redis.call('HMGET', META, 'closesAt', 'offerMs', 'seatsPerBuyer')
    closes, per_buyer = tonumber(rules[1]), tonumber(rules[3])
    least_ms = math.min(tonumber(rules[2]), LEAST_OFFER_MS)
    offer_ms = math.max(least_ms, math.min(tonumber(rules[2]), math.floor((closes - now) / 10)))
  end

  local function rows_of(category)
    if not rows[category] then
      rows[category] = {}
      local list = string.match(redis.call('HGET', LAYOUT, category) or '', ':(.*)$') or ''
      for first, last in string.gmatch(list, '(%d+)-(%d+)') do
        table.insert(rows[category], { tonumber(first), tonumber(last) })
      end
    end
    return rows[category]
  end

  -- Where the last of stretches, or runs, is that begins at a seat or before it. 0: none does.
  local function place_of(seat, ranges)
    local low, high = 0, #ranges
    while low < high do
      local middle = math.ceil((low + high) / 2)
      if ranges[middle][1] <= seat then
        low = middle
      else
        high = middle - 1
      end
    end
    return low
  end

  -- The runs of free seats of a category, and how many seats they have.
  local function free_in(category)
    if free[category] then
      return free[category]
    end
    local runs = { count = 0 }
    free[category] = runs
    text = text or redis.call('GET', SEATS)
    local ranges = rows_of(category)
    local seat = ranges[1] and string.find(text, 'f', ranges[1][1] + 1, true)
    for _, range in ipairs(ranges) do
      if seat and seat <= range[1] then
        seat = string.find(text, 'f', range[1] + 1, true)
      end
      if not seat then
        break
      end
      while seat and seat <= range[2] + 1 do
        local stop = math.min(range[2], (string.find(text, '[^f]', seat) or #text + 1) - 2)
        runs[#runs + 1] = { seat - 1, stop }
        runs.count = runs.count + stop - seat + 2
        seat = string.find(text, 'f', stop + 2, true)
      end
    end
    return runs
  end

  local function add_seat(runs, category, seat)
    local range = rows_of(category)[place_of(seat, rows_of(category))]
    if not range or seat > range[2] then
      return
    end
    local place = place_of(seat, runs)
    local before, after = runs[place], runs[place + 1]
    if before and before[2] >= seat then
      return
    end
    runs.count = runs.count + 1
    local follows = before and before[2] == seat - 1 and before[1] >= range[1]
    local leads = after and after[1] == seat + 1 and after[2] <= range[2]
    if follows and leads then
      before[2] = after[2]
      table.remove(runs, place + 1)
    elseif follows then
      before[2] = seat
    elseif leads then
      after[1] = seat
    else
      table.insert(runs, place + 1, { seat, seat })
    end
  end

  local function remove_seat(runs, seat)
    local place = place_of(seat, runs)
    local run = runs[place]
    if not run or run[2] < seat then
      return
    end
    runs.count = runs.count - 1
    if seat < run[2] then
      table.insert(runs, place + 1, { seat + 1, run[2] })
    end
    run[2] = seat - 1
    if run[1] > run[2] then
      table.remove(runs, place)
    end
  end

  -- The same runs for somebody for whom other seats count as free, or do not. Both by number.
  local function runs_for(category, own, unwanted)
    local runs = { count = free_in(category).count }
    for i, run in ipairs(free_in(category)) do
      runs[i] = { run[1], run[2] }
    end
    for seat in pairs(own or {}) do
      add_seat(runs, category, seat)
    end
    for seat in pairs(unwanted or {}) do
      remove_seat(runs, seat)
    end
    return runs
  end

  -- The first seats of the runs, or of the first run that has so many. nil: there are not enough.
  local function choose(runs, quantity, together)
    local seats = {}
    if runs.count < quantity then
      return nil
    end
    for _, run in ipairs(runs) do
      local has = run[2] - run[1] + 1
      if together ~= 't' or has >= quantity then
        for seat = run[1], math.min(run[2], run[1] + quantity - #seats - 1) do
          seats[#seats + 1] = seat
        end
      end
      if #seats == quantity then
        return seats
      end
    end
    return nil
  end

  -- A free seat becomes somebody's, in what is known of all categories.
  local function take(seat)
    set_seat(int(seat), 'h')
    text = nil
    for _, runs in pairs(free) do
      remove_seat(runs, seat)
    end
  end

  local function give(seat)
    set_seat(int(seat), 'f')
    text = nil
    for category, runs in pairs(free) do
      add_seat(runs, category, seat)
    end
  end

  local function entry_of(id)
    if entries[id] == nil then
      entries[id] = list.read(id) or false
    end
    return entries[id] or nil
  end

  -- What a buyer has, and whether an offer of this event is among it.
  local function possessions(owner)
    local buyer = read_buyer(owner)
    local has, is_offered = buyer.booked, false
    for _, id in ipairs(buyer.holds) do
      local hold = read_hold(id)
      if is_live(hold) then
        has = has + #hold.seats
        is_offered = is_offered or hold.state == 'o'
      end
    end
    return has, is_offered, buyer
  end

  local function may_be_served(entry)
    local has, is_offered = possessions(entry.owner)
    return not is_offered and has + entry.quantity <= per_buyer
  end

  -- The first of a class who may be served now, or nil.
  local function find_head(class)
    local from, stop = '[' .. class, '(' .. string.sub(class, 1, -2) .. ';'
    for _ = 1, MAX_LOOKED / LOOKED_AT_ONCE do
      local members = redis.call('ZRANGEBYLEX', CLASSES, from, stop, 'LIMIT', 0, LOOKED_AT_ONCE)
      for _, member in ipairs(members) do
        local entry = entry_of(string.match(member, '[^:]*$'))
        if entry and not rested[entry.id] and may_be_served(entry) then
          return entry
        end
        from = '(' .. member
      end
      if #members < LOOKED_AT_ONCE then
        return nil
      end
    end
    return nil
  end

  -- In one call nobody comes to be served who could not be before.
  local function head_of(class)
    if heads[class] == nil then
      heads[class] = find_head(class) or false
    end
    return heads[class] or nil
  end

  -- Classes with a seat that would do for them: "category:quantity:together:". As many as people ask for, which is few:
  -- 51 quantities at most, twice, for each category.
  local function classes()
    local found = {}
    local member = redis.call('ZRANGEBYLEX', CLASSES, '-', '+', 'LIMIT', 0, 1)[1]
    while member do
      local class, category = string.match(member, '^(([^:]*):%d+:%a:)')
      if free_in(category).count > 0 then
        found[#found + 1] = class
      end
      member = redis.call('ZRANGEBYLEX', CLASSES, '[' .. string.sub(class, 1, -2) .. ';', '+', 'LIMIT', 0, 1)[1]
    end
    return found
  end

  local function comes_before(a, b)
    if a.order ~= b.order then
      return a.order < b.order
    end
    return a.id < b.id
  end

  -- Whoever is first of its class, those who gather though somebody has come before them since, and those who have just
  -- let an offer go: other seats will do for them.
  local function candidates(all)
    local found, seen = {}, {}
    for _, class in ipairs(all) do
      local entry = head_of(class)
      if entry then
        seen[entry.id] = true
        found[#found + 1] = entry
      end
    end
    local others = split(redis.call('HGET', META, 'gathering') or '')
    for id in pairs(rested) do
      others[#others + 1] = id
    end
    for _, id in ipairs(others) do
      local entry = not seen[id] and entry_of(id)
      if entry and may_be_served(entry) then
        found[#found + 1] = entry
      end
    end
    table.sort(found, comes_before)
    return found
  end

  -- Ids that nobody has had before, also when Redis has lost everything: entry, epoch and position are such.
  local function hold_id(entry, state)
    return string.sub(redis.sha1hex(table.concat({ entry.id, state, epoch, int(position), int(now) }, ':')), 1, 22)
  end

  -- Seats that were gathered and are still held: as a list, and by number.
  local function gathered(entry)
    local hold = entry.state == 'g' and read_hold(entry.hold) or nil
    local seats, own = {}, {}
    for _, seat in ipairs(hold and hold.seats or {}) do
      if seat_state(seat) == 'h' then
        seats[#seats + 1] = tonumber(seat)
        own[tonumber(seat)] = true
      end
    end
    return seats, own, hold
  end

  -- Keeps seats for an entry, as an offer: a hold of its own.
  local function offer(entry, seats, own, before)
    if before then
      list.stop_gathering(entry)
      redis.call('HDEL', OFFERS, before.id)
      drop_hold(before, 0)
      list.step(entry, 'let-go', nil, before, '', '')
    end
    for _, seat in ipairs(seats) do
      if own[seat] then
        own[seat] = nil
      else
        take(seat)
      end
    end
    for seat in pairs(own) do
      give(seat)
    end
    list.dequeue(entry)
    local id = hold_id(entry, 'o')
    local hold = { id = id, state = 'o', owner = entry.owner, till = now + offer_ms, extensions = 0, attempts = 0,
      seats = seats }
    write_hold(hold, hold.till)
    local _, _, buyer = possessions(entry.owner)
    buyer.holds[#buyer.holds + 1] = id
    write_buyer(entry.owner, buyer)
    redis.call('HSET', OFFERS, id, entry.id)
    entry.state, entry.hold, entry.since, entry.passes = 'o', id, now, 0
    list.step(entry, 'offered', nil, hold, '', '')
    list.write(entry)
    for class, head in pairs(heads) do
      if head and head.owner == entry.owner then
        heads[class] = nil
      end
    end
  end

  -- Keeps what is free and fits for an entry that was passed over too often. Answers whether it has got more.
  local function gather(entry)
    for _, id in ipairs(split(redis.call('HGET', META, 'gathering') or '')) do
      local other = id ~= entry.id and entry_of(id)
      if other and other.category == entry.category then
        return false
      end
    end
    local seats, _, hold = gathered(entry)
    -- What it may not get enough of must come back while it can still be sold.
    local till = hold and hold.till or math.min(now + GATHER_MS, closes - LEAST_AFTER * least_ms)
    if till <= now then
      return false
    end
    local most = entry.together == 't' and entry.quantity * GATHER_TIMES or entry.quantity
    local more = {}
    for _, run in ipairs(free_in(entry.category)) do
      for seat = run[1], math.min(run[2], run[1] + most - #seats - #more - 1) do
        more[#more + 1] = seat
      end
    end
    if #more == 0 then
      return false
    end
    for _, seat in ipairs(more) do
      take(seat)
      seats[#seats + 1] = seat
    end
    if not hold then
      hold = { id = hold_id(entry, 'g'), state = 'g', owner = entry.owner, till = till,
        extensions = 0, attempts = 0 }
      entry.state, entry.hold, entry.since = 'g', hold.id, now
      redis.call('HSET', OFFERS, hold.id, entry.id)
      local others = split(redis.call('HGET', META, 'gathering') or '')
      others[#others + 1] = entry.id
      redis.call('HSET', META, 'gathering', table.concat(others, ','))
    end
    hold.seats = seats
    write_hold(hold, hold.till)
    list.step(entry, 'gathered', nil, hold, '', '')
    list.write(entry)
    return true
  end

  local function has_seat_of(category, seats)
    local ranges = rows_of(category)
    for _, seat in ipairs(seats) do
      local range = ranges[place_of(seat, ranges)]
      if range and seat <= range[2] then
        return true
      end
    end
    return false
  end

  -- Somebody after this one is given seats: was it passed over?
  local function pass_over(entry, other, seats)
    if entry.state == 'g' or entry.passes >= MAX_PASSES or rested[entry.id] then
      return
    end
    local fits = entry.category == '*' or entry.category == other.category
    if fits or (other.category == '*' and has_seat_of(entry.category, seats)) then
      entry.passes = entry.passes + 1
      list.step(entry, 'passed', nil, nil, '', '')
      list.write(entry)
    end
  end

  -- Serves the first who can be. Answers what it has done: 'offered', 'gathered', or nil.
  local function serve_one(waiting)
    for i, entry in ipairs(waiting) do
      local _, own, hold = gathered(entry)
      local runs
      if hold or rested[entry.id] then
        runs = runs_for(entry.category, hold and own, rested[entry.id])
      else
        runs = free_in(entry.category)
      end
      local seats = choose(runs, entry.quantity, entry.together)
      if seats then
        for earlier = 1, i - 1 do
          pass_over(waiting[earlier], entry, seats)
        end
        offer(entry, seats, own, hold)
        return 'offered'
      end
      if entry.passes >= MAX_PASSES and gather(entry) then
        return 'gathered'
      end
    end
    return nil
  end

  -- Gives free seats to whoever waits for them, until nobody can be served any more.
  function list.match()
    read_rules()
    text, free, heads, entries, has_freed = nil, {}, {}, {}, false
    if closes - now < least_ms then
      return
    end
    local all = classes()
    local offers = 0
    while #all > 0 and offers < MAX_OFFERS do
      local done = serve_one(candidates(all))
      if not done then
        break
      end
      offers = offers + 1
      -- Who gathered has let seats go that it needs no more.
      if has_freed then
        has_freed = false
        all = classes()
      end
    end
    if is_unmatched ~= (offers == MAX_OFFERS) then
      is_unmatched = offers == MAX_OFFERS
      redis.call('HSET', META, 'waitlist', is_unmatched and '2' or '1')
    end
    is_served = true
    has_freed = false
  end

  -- Seats for whoever asks now, or nil.
  function list.find(category, quantity, together)
    text, free = nil, {}
    return choose(free_in(category), quantity, together)
  end

  -- How many more seats the event lets somebody have.
  function list.left_for(owner)
    read_rules()
    return math.max(0, per_buyer - possessions(owner))
  end
end
