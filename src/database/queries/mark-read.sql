-- Returns marked: how many notifications became read. $1 user id, $2 ids or null, $3 those made up to then, or null,
-- $4 session id, $5 request id. A moment on the wire has milliseconds, and those of the table more.
with changed as (
  update notifications set read_at = clock_timestamp()
  where user_id = $1::uuid and read_at is null
    and ($2::uuid[] is null or id = any ($2))
    and ($3::timestamptz is null or created_at < $3 + interval '1 millisecond')
  returning id
),
noted as (
  insert into audit (action, actor_id, session_id, request_id, details)
  select 'notifications-read', $1::uuid, $4::text, $5::text, jsonb_build_object('count', count(*))
  from changed having count(*) > 0
)
select count(*)::integer as marked from changed
