-- Returns sagas with their steps, newest first.
-- $1 state or null, $2 event id or null, $3 only with a dead step, $4 created before or null, $5 hold id at that time, $6 limit.
select hold_id, event_id, user_id, booking_id, provider, payment_id, state, reason, seats,
  amount_cents::float8 as amount_cents, refunded_cents::float8 as refunded_cents, currency,
  to_json(created_at) #>> '{}' as created_at, to_json(updated_at) #>> '{}' as updated_at,
  (
    select json_agg(
      json_build_object('id', step.id::text, 'kind', kind, 'state', step.state, 'attempts', attempts, 'reason', step.reason,
        'amountCents', step.amount_cents, 'dueAt', due_at, 'endedAt', ended_at)
      order by step.id
    )
    from saga_steps step where step.hold_id = sagas.hold_id
  ) as steps
from sagas
where ($1::text is null or state = $1)
  and ($2::uuid is null or event_id = $2)
  and (not $3::boolean or exists (select from saga_steps dead where dead.hold_id = sagas.hold_id and dead.state = 'dead'))
  and ($4::timestamptz is null or (created_at, hold_id) < ($4::timestamptz, $5::text))
order by created_at desc, hold_id desc
limit $6
