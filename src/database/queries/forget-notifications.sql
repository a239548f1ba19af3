-- Returns forgotten: how many rows. Forgets notifications with an id before $1, which says when they were made, and
-- alerts that are over a day after the start they were for; so many at a time ($2).
with old as (
  delete from notifications where id in (select id from notifications where id < $1::uuid order by id limit $2)
  returning 1
),
over as (
  delete from alerts where ctid = any (array(
    select ctid from alerts
    where state <> 'waiting' and starts_at < statement_timestamp() - interval '1 day'
    limit $2
  )) and state <> 'waiting'
  returning 1
)
select greatest((select count(*) from old), (select count(*) from over))::integer as forgotten
