-- Returns a row for each channel and state with deliveries: channel, state, deliveries. What was sent is not counted, and
-- counts end at 100,000.
select channel, state, count(*)::integer as deliveries
from (
  (select channel, 'waiting' as state from deliveries where state in ('waiting', 'sending') limit 100000)
  union all
  (select channel, 'dead' from deliveries where state = 'dead' limit 100000)
) as each
group by channel, state
