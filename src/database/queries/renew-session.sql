-- Returns verdict, session_id, left_ms (how long its tokens are valid) and, when it was renewed, the user and refresh_expires_at; nothing for a
-- token that nobody knows.
--   renewed      the token is used now, and the next one counts
--   superseded   another request used it while this one was on its way: one of them wins, and nobody is to blame
--   reused       it was used before: somebody else has it, so the session is ended by this statement
--   over         it ran out, or its session did, or the account is disabled
-- $1 hash of the token, $2 hash of the next one, $3 ms the next one is valid, $4 ms until which tokens of the session are
-- valid from now on.
with seen as materialized (
  -- As it was when this statement began, whoever has changed it since.
  select used_at from refresh_tokens where hash = $1::text
),
token as materialized (
  select hash, session_id, used_at, expires_at from refresh_tokens where hash = $1::text for update
),
session as materialized (
  select id, user_id, expires_at, tokens_until, ended_at from sessions
  where id = (select session_id from token) for update
),
judged as materialized (
  select
    case
      when session.ended_at is not null then 'over'
      when token.used_at is not null and seen.used_at is null then 'superseded'
      when token.used_at is not null then 'reused'
      when token.expires_at <= now() or session.expires_at <= now() or users.disabled_at is not null then 'over'
      else 'renewed'
    end as verdict,
    session.id as session_id, session.tokens_until, session.expires_at, users.id, users.email, users.name, users.role
  from token, seen, session, users
  where users.id = session.user_id
),
used as (
  update refresh_tokens set used_at = now() from judged
  where refresh_tokens.hash = $1::text and judged.verdict = 'renewed'
),
next as (
  insert into refresh_tokens (hash, session_id, expires_at)
  select $2::text, session_id, least(expires_at, now() + $3::float8 * interval '1 millisecond')
  from judged where verdict = 'renewed'
  returning expires_at
),
kept as (
  update sessions set
    tokens_until = case when judged.verdict = 'renewed'
      then greatest(sessions.tokens_until, now() + $4::float8 * interval '1 millisecond') else sessions.tokens_until end,
    ended_at = case when judged.verdict = 'reused' then now() end,
    end_reason = case when judged.verdict = 'reused' then 'refresh-token-reused' end
  from judged
  where sessions.id = judged.session_id and judged.verdict in ('renewed', 'reused')
),
noted as (
  insert into audit (action, actor_id, session_id, details)
  select 'session-revoked', id, session_id, '{"reason": "refresh-token-reused"}' from judged where verdict = 'reused'
)
select judged.verdict, judged.session_id, extract(epoch from judged.tokens_until - now())::float8 * 1000 as left_ms,
  judged.id, judged.email, judged.name, judged.role,
  to_json((select expires_at from next)) #>> '{}' as refresh_expires_at
from judged
