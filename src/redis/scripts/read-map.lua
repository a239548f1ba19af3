-- The whole map at one position.
-- @include inventory
-- Returns
--   map   {seats, position of the last tick}

return finish('map', { redis.call('GET', SEATS), int(cut) })
