-- Returns endpoint, p256dh and auth of a push subscription ($1).
select endpoint, p256dh, auth from push_subscriptions where id = $1::uuid
