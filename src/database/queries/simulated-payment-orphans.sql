-- Returns payments whose money is set aside or taken although their hold has no booking that counts: id, hold_id, state.
-- A booking that was paid for twice shows as well: the one payment too many is an orphan.
-- $1 only payments that have not changed for so many ms.
with charges as (
  select id, hold_id, event_id, updated_at,
    case when state = 'pending' and settles_at <= clock_timestamp() then settles_as else state end as state,
    row_number() over (partition by hold_id order by created_at, id) as place
  from simulated_payments
  where state in ('authorised', 'captured') or (state = 'pending' and settles_as = 'authorised')
)
select id, hold_id, state
from charges
where state in ('authorised', 'captured')
  and updated_at <= clock_timestamp() - $1::float8 * interval '1 millisecond'
  and (
    place > 1
    or not exists (select from bookings where bookings.hold_id = charges.hold_id and bookings.status = 'confirmed')
  )
order by id
