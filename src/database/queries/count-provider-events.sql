-- Returns how many events of the provider are known, and how many of them are in its last feed.
select count(*)::integer as known, count(*) filter (where last_seen_at is null)::integer as present from provider_events
