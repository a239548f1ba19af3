-- Returns a row for each delivery that this call made: id, channel, endpoint_id.
-- $1 ids of notifications, $2 whether mail is sent at all, $3 whether there is web push. Whoever has said nothing gets both.
with told as (
  select n.id, n.user_id, n.event_id, n.kind, n.payload, u.email,
    coalesce((u.alerts #>> '{channels,email}')::boolean, true)
      and coalesce((u.alerts #>> array['notifications', n.kind, 'email'])::boolean, true) as by_mail,
    coalesce((u.alerts #>> array['notifications', n.kind, 'push'])::boolean, true) as by_push
  from notifications n join users u on u.id = n.user_id
  where n.id = any($1::uuid[]) and u.disabled_at is null
),
made as (
  insert into deliveries (source, channel, endpoint_id, user_id, event_id, target, kind, payload)
  select id::text, 'email', null::uuid, user_id, event_id, email, kind, payload
  from told where by_mail and $2::boolean
  union all
  select told.id::text, 'push', s.id, told.user_id, told.event_id, s.endpoint, told.kind, told.payload
  from told join live_push_subscriptions s on s.user_id = told.user_id
  where by_push and $3::boolean
  on conflict do nothing
  returning id, channel, endpoint_id
)
select id::text as id, channel, endpoint_id from made order by made.id
