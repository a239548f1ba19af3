-- Returns forgotten: how many. Those that were recorded before $1 (ms since 1970), so many at a time ($2).
with old as (
  select ms, seq from domain_events where ms < $1::bigint order by ms, seq limit $2
),
gone as (
  delete from domain_events using old
  where domain_events.ms = old.ms and domain_events.seq = old.seq
  returning 1
)
select count(*)::integer as forgotten from gone
