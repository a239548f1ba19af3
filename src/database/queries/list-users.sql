-- Returns users, the newest first.
-- $1 part of a name or an address, in lower case, or null, $2 role or null, $3 whether disabled, or null, $4 id of the user
-- to go on after or null, $5 limit, $6 one user's id or null.
select id, email, name, role, time_zone, to_json(created_at) #>> '{}' as created_at,
  to_json(disabled_at) #>> '{}' as disabled_at,
  (select count(*)::integer from sessions where sessions.user_id = users.id and ended_at is null and expires_at > now())
    as sessions
from users
where ($1::text is null or position($1 in email) > 0 or position($1 in lower(name)) > 0)
  and ($2::text is null or role = $2)
  and ($3::boolean is null or (disabled_at is not null) = $3)
  and ($4::uuid is null or id < $4)
  and ($6::uuid is null or id = $6)
order by id desc
limit $5
