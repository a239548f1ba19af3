-- Returns nothing. $1 id of a push subscription that its push service does not know any more, $2 what it answered.
with gone as (
  delete from push_subscriptions where id = $1::uuid returning id, user_id
)
insert into audit (action, details)
select 'push-subscription-gone', jsonb_build_object('subscriptionId', id, 'userId', user_id, 'reason', $2::text) from gone
