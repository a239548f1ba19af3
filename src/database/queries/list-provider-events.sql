-- Returns the provider's events with what is known of them, in the order of their starts.
-- $1 whether they must be in the last feed, or must not, or null; $2 start and $3 id of the event to go on after, or
-- -infinity and any; $4 limit.
select provider_events.id, base_id, entry_id, title, online, to_json(starts_at) #>> '{}' as starts,
  to_json(first_seen_at) #>> '{}' as first_seen, last_seen_at is null as in_feed,
  -- In the feed means: when that was taken.
  to_json(coalesce(last_seen_at, provider_state.applied_at, first_seen_at)) #>> '{}' as last_seen
from provider_events cross join provider_state
where ($1::boolean is null or (last_seen_at is null) = $1)
  and starts_at >= $2::text::timestamptz and (starts_at, provider_events.id) > ($2::text::timestamptz, $3::uuid)
order by provider_events.starts_at, provider_events.id
limit $4
