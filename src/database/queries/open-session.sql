-- Returns the user as signed in and refresh_expires_at, or nothing: the account is gone or disabled, or its password was
-- changed since it was proven.
-- $1 session id, $2 user id, $3 hash of the password that was proven, or null, $4 ms the session lasts at most, $5 ms its
-- first token is valid, $6 hash of the refresh token, $7 ms that one is valid, $8 request id or null.
with person as materialized (
  -- Whoever changes the role or the password waits for this, or this for them: no session slips through.
  select users.id, users.email, users.name, users.role from users
  where users.id = $2::uuid and users.disabled_at is null and ($3::text is null or users.password_hash = $3)
  for share
),
session as (
  insert into sessions (id, user_id, expires_at, tokens_until)
  select $1::text, person.id, now() + $4::float8 * interval '1 millisecond',
    now() + $5::float8 * interval '1 millisecond'
  from person
  returning id, expires_at
),
token as (
  insert into refresh_tokens (hash, session_id, expires_at)
  select $6::text, session.id, least(session.expires_at, now() + $7::float8 * interval '1 millisecond') from session
  returning expires_at
),
noted as (
  insert into audit (action, actor_id, session_id, request_id)
  select 'session-opened', person.id, $1::text, $8::text from person
)
select person.id, person.email, person.name, person.role,
  to_json(token.expires_at) #>> '{}' as refresh_expires_at
from person, token
