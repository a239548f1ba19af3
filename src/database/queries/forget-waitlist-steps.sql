-- Returns forgotten: how many steps of those who waited are no longer kept. $1 how many at most.
-- A week after the start Redis has nothing of an event any more, so nobody hands a step out again; what happened is in the
-- audit log. Older ones than two months were forgotten long ago.
with gone as (
  delete from waitlist_steps where (entry_id, version) = any (array(
    select (s.entry_id, s.version)
    from events as v
    join waitlist_entries as e on e.event_id = v.id
    join waitlist_steps as s on s.entry_id = e.id
    where v.starts_at < clock_timestamp() - interval '7 days' and v.starts_at > clock_timestamp() - interval '60 days'
    limit $1
  ))
  returning 1
)
select count(*)::integer as forgotten from gone
