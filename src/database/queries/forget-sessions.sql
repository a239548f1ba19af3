-- Returns forgotten: how many rows. Forgets sessions a week after nothing of them counts any more, refresh tokens that
-- ran out and pairings that are over for an hour; so many at a time ($1).
with over as (
  delete from sessions where id in (
    select id from sessions where greatest(expires_at, tokens_until) < now() - interval '7 days' limit $1
  )
  returning 1
),
tokens as (
  delete from refresh_tokens where hash in (
    select hash from refresh_tokens where expires_at < now() - interval '1 hour' limit $1
  )
  returning 1
),
pairings as (
  delete from kiosk_pairings where id in (
    select id from kiosk_pairings where expires_at < now() - interval '1 hour' limit $1
  )
  returning 1
)
select greatest(
  (select count(*) from over), (select count(*) from tokens), (select count(*) from pairings)
)::integer as forgotten
