-- Returns sagas with their last hundred steps, newest saga first.
-- $1 state or null, $2 event id or null, $3 only with a dead step, $4 hold id or null: only sagas that are older,
-- $5 limit, $6 hold id or null: only this one.
select hold_id, event_id, user_id, booking_id, provider, payment_id, state, reason, seats,
  amount_cents::float8 as amount_cents, refunded_cents::float8 as refunded_cents, currency,
  to_json(created_at) #>> '{}' as created_at, to_json(updated_at) #>> '{}' as updated_at,
  (
    select json_agg(
      json_build_object('kind', step.kind, 'state', step.state, 'attempts', step.attempts, 'reason', step.reason,
        'amountCents', step.amount_cents, 'dueAt', step.due_at, 'endedAt', step.ended_at)
      order by step.id
    )
    from (
      select * from saga_steps where saga_steps.hold_id = sagas.hold_id order by id desc limit 100
    ) as step
  ) as steps
from sagas
where ($1::text is null or state = $1)
  and ($2::uuid is null or event_id = $2)
  and (not $3::boolean or exists (select from saga_steps dead where dead.hold_id = sagas.hold_id and dead.state = 'dead'))
  and ($4::text is null or (created_at, hold_id) < (select last.created_at, last.hold_id from sagas last where last.hold_id = $4))
  and ($6::text is null or hold_id = $6)
order by created_at desc, hold_id desc
limit $5
