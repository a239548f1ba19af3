-- Returns id if there is such a reader ($1). $2 kind of notifications. Noted only where it changes something.
with reader as materialized (
  select id, alerts from users where id = $1::uuid for update
),
changed as (
  update users set alerts = users.alerts || jsonb_build_object('notifications',
    coalesce(users.alerts -> 'notifications', '{}') || jsonb_build_object($2::text,
      coalesce(users.alerts #> array['notifications', $2::text], '{}') || '{"email": false}'))
  from reader
  where users.id = reader.id
    and coalesce((reader.alerts #>> array['notifications', $2::text, 'email'])::boolean, true)
  returning users.id
),
noted as (
  insert into audit (action, actor_id, details)
  select 'mail-switched-off', id, jsonb_build_object('kind', $2::text, 'by', 'link') from changed
)
select id from reader
