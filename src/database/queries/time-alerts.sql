-- Returns in_ms, due_ms (since 1970) and alerts (how many), a row for each moment at which alerts are due, and marks them
-- as timed: a job is to wake some node then. $1 how far to look ahead, ms. It takes 1,000 alerts at most.
with near as materialized (
  select ctid, due_at from alerts
  where state = 'waiting' and not is_timed
    and due_at > statement_timestamp() and due_at <= statement_timestamp() + $1::float8 * interval '1 millisecond'
  order by due_at
  limit 1000
  for update skip locked
),
-- They are locked, so they stay where they are.
timed as (
  update alerts set is_timed = true where ctid = any (array(select ctid from near))
)
select extract(epoch from due_at - statement_timestamp())::float8 * 1000 as in_ms,
  extract(epoch from due_at)::float8 * 1000 as due_ms, count(*)::integer as alerts
from near
group by due_at
