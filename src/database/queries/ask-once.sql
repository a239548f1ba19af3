-- Returns state ('first', 'repeat', 'reused' or 'running') and the first answer, or null.
-- $1 user id, $2 request id, $3 message, $4 fingerprint, $5 lease in ms: how long the first may run before
-- another takes its place, because its node has died; $6 token of this attempt: one that was taken for dead and is
-- not changes nothing any more.
with mine as (
  insert into requests (user_id, request_id, message, fingerprint, leased_until, token)
  values ($1::uuid, $2::text, $3::text, $4::text, clock_timestamp() + $5::float8 * interval '1 millisecond', $6::text)
  on conflict (user_id, request_id) do update set leased_until = excluded.leased_until, token = excluded.token
  where requests.answer is null and requests.leased_until < clock_timestamp()
    and requests.fingerprint = excluded.fingerprint and requests.message = excluded.message
  returning user_id
)
select
  case
    when exists (select from mine) then 'first'
    when before.message <> $3 or before.fingerprint <> $4 then 'reused'
    when before.answer is not null then 'repeat'
    else 'running'
  end as state,
  before.answer
from (select 1) as one
left join requests as before on before.user_id = $1::uuid and before.request_id = $2::text
