-- Returns id of those events ($1) that started more than so many ms ago ($2).
select id from events
where id = any($1::uuid[]) and starts_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
