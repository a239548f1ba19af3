-- Returns endpoint, p256dh and auth of a push subscription ($1), is_disabled (its user), is_wanted (notifications of the kind
-- $3), event: status and startsAt of the event ($2) by now, or null for none, and offer_state, of the offer ($4) it is about, or
-- null. Nothing if the subscription, or the session it was made in, has ended.
select s.endpoint, s.p256dh, s.auth, u.disabled_at is not null as is_disabled,
  coalesce((u.alerts #>> array['notifications', $3::text, 'push'])::boolean, true) as is_wanted,
  case when e.id is not null then json_build_object('status', e.status, 'startsAt', e.starts_at) end as event,
  (select state from waitlist_offers where hold_id = $4::text) as offer_state
from live_push_subscriptions s
join users u on u.id = s.user_id
left join events e on e.id = $2::uuid
where s.id = $1::uuid
