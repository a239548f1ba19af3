-- Returns forgotten: how many rows. Forgets first answers after a day, what was sent after an hour, and refusals after
-- a week, when no hold and no payment they were written for can still be alive; so many at a time ($1).
with answers as (
  delete from requests where (user_id, request_id) in (
    select user_id, request_id from requests where created_at < now() - interval '24 hours' limit $1
  )
  returning 1
),
sent as (
  delete from outbox where id in (select id from outbox where sent_at < now() - interval '1 hour' limit $1)
  returning 1
),
refusals as (
  delete from outcomes where (event_id, hold_id) in (
    select event_id, hold_id from outcomes
    where outcome = 'refused' and created_at < now() - interval '7 days' limit $1
  )
  returning 1
)
select greatest(
  (select count(*) from answers), (select count(*) from sent), (select count(*) from refusals)
)::integer as forgotten
