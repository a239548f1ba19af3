-- Returns left_ms, how long its tokens would still be valid, or nothing: it has ended already.
-- $1 session id, $2 user id, $3 ms for which its token is valid at least, $4 reason, $5 request id or null.
-- A session that was opened before there was this table gets its row now.
with ended as (
  insert into sessions (id, user_id, expires_at, tokens_until, ended_at, end_reason)
  values ($1::text, $2::uuid, now(), now() + $3::float8 * interval '1 millisecond', now(), $4::text)
  on conflict (id) do update set
    ended_at = now(), end_reason = excluded.end_reason,
    tokens_until = greatest(sessions.tokens_until, excluded.tokens_until)
  where sessions.ended_at is null
  returning id, tokens_until
),
noted as (
  insert into audit (action, actor_id, session_id, request_id, details)
  select 'session-revoked', $2::uuid, ended.id, $5::text, jsonb_build_object('reason', $4::text) from ended
)
select extract(epoch from ended.tokens_until - now())::float8 * 1000 as left_ms from ended
