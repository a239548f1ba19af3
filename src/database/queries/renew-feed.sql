-- Returns nothing. Gives a user's calendar feed another secret. $1 user id, $2 hash of the secret, $3 session id, $4 request id.
with feed as (
  insert into calendar_feeds (user_id, token_hash) values ($1::uuid, $2::text)
  on conflict (user_id) do update set token_hash = excluded.token_hash, created_at = clock_timestamp()
  returning user_id
)
insert into audit (action, actor_id, session_id, request_id)
select 'calendar-renewed', user_id, $3::text, $4::text from feed
