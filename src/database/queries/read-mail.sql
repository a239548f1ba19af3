-- Returns what a mail says beside its notification: one row, of the reader ($1), the event ($2) and the booking ($3, which
-- must be the reader's), or nulls for what there is not; and offer_state, of the offer ($4) it is about, or null.
select u.name, u.time_zone, u.alerts, u.disabled_at is not null as is_disabled,
  case when e.id is not null then json_build_object(
    'id', e.id, 'title', e.title, 'venue', e.venue, 'status', e.status, 'timeZone', e.time_zone,
    'startsAt', e.starts_at, 'endsAt', e.ends_at, 'createdAt', e.created_at, 'updatedAt', e.updated_at
  ) end as event,
  case when b.id is not null then json_build_object(
    'id', b.id, 'status', b.status, 'totalCents', b.total_cents, 'currency', b.currency, 'seats', b.seats
  ) end as booking,
  (select state from waitlist_offers where hold_id = $4::text) as offer_state
from users u
left join events e on e.id = $2::uuid
left join booking_details b on b.id = $3::uuid and b.user_id = u.id
where u.id = $1::uuid
