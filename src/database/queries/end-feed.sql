-- Returns nothing. Ends a user's calendar feed, if there is one. $1 user id, $2 session id, $3 request id.
with feed as (
  delete from calendar_feeds where user_id = $1::uuid returning user_id
)
insert into audit (action, actor_id, session_id, request_id)
select 'calendar-ended', user_id, $2::text, $3::text from feed
