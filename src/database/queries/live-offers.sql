-- Returns the offers of an event that wait for an answer: hold_id, entry_id, seats, since and until (ms since 1970).
-- $1 event id.
select hold_id, entry_id, seats, floor(extract(epoch from offered_at) * 1000)::float8 as since,
  floor(extract(epoch from until) * 1000)::float8 as until
from waitlist_offers
where event_id = $1::uuid and state = 'live'
