-- Returns url, secret and old_secret (null: not valid any more) of a webhook ($1) that is there and on, and whose owner may
-- hear of the event ($2) by now, as when it was planned: is an admin, or the event's organizer, and not disabled.
select w.url, w.secret, case when w.old_secret_until > clock_timestamp() then w.old_secret end as old_secret
from webhooks w join users u on u.id = w.user_id
where w.id = $1::uuid and w.deleted_at is null and w.is_active and u.disabled_at is null
  and (
    u.role = 'admin'
    or u.role = 'organizer' and exists (select from events where id = $2::uuid and organizer_id = u.id)
  )
