-- Returns forgotten: how many. What was sent is kept for 30 days, what is dead for 90; so many at a time ($1).
with old as (
  select id from deliveries
  where state in ('sent', 'dead') and created_at < now() - interval '30 days'
    and (state = 'sent' or created_at < now() - interval '90 days')
  order by created_at
  limit $1
),
gone as (
  delete from deliveries where id in (select id from old) returning 1
)
select count(*)::integer as forgotten from gone
