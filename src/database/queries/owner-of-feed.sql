-- Returns user_id: whose feed has the secret with this hash ($1), or no row. None, once the account is disabled.
select user_id from calendar_feeds
join users on users.id = user_id
where token_hash = $1::text and disabled_at is null
