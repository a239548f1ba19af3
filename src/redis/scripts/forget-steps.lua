-- Steps of the waitlist are in PostgreSQL: nobody need be told of them again.
-- @include inventory
-- ARGV
--   2.. keys
-- Returns
--   forgotten

for i = 2, #ARGV do
  redis.call('HDEL', UNRECORDED, ARGV[i])
end
-- From here on the event costs what it costs without a waitlist.
if redis.call('HLEN', UNRECORDED) == 0 and redis.call('HLEN', ENTRIES) == 0 then
  redis.call('HDEL', META, 'waitlist')
end
return finish('forgotten')
