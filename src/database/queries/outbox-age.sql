-- Returns waiting, oldest_ms: how many rows of the outbox are unsent, and since when the oldest is due.
select count(*)::integer as waiting,
  coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0)::float8 as oldest_ms
from outbox where sent_at is null
