-- Returns id and left_ms of the sessions that have ended and whose tokens would still be valid, oldest end first.
-- $1 only those that ended in the last so many ms, or null for all.
select id, extract(epoch from tokens_until - now())::float8 * 1000 as left_ms
from sessions
where ended_at is not null and tokens_until > now()
  and ended_at > coalesce(now() - $1::float8 * interval '1 millisecond', '-infinity')
order by ended_at
