-- Returns unread: how many notifications of a user ($1) were not read; it ends at 1,000.
select count(*)::integer as unread
from (select from notifications where user_id = $1 and read_at is null limit 1000) as counted
