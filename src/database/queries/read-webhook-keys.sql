-- Returns url, secret and old_secret (null: not valid any more) of a webhook ($1) that is there and on.
select url, secret, case when old_secret_until > clock_timestamp() then old_secret end as old_secret
from webhooks
where id = $1::uuid and deleted_at is null and is_active
