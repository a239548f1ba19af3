-- Returns how many events got another moment, because the provider's time zone is another one, or has other rules now.
-- $1 time zone, $2 how many at most.
with moved as (
  update provider_events set starts_at = starts_local at time zone $1
  where id in (select id from provider_events where starts_at <> starts_local at time zone $1 limit $2)
  returning id
)
select count(*)::integer as moved from moved
