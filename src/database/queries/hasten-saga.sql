-- Returns hold_id if a payment ($1 its id at the provider) waits for news: its step is due now.
-- $2 whether it may still be paid, by what the provider says. One that was declined is looked at again then: the buyer
-- may have tried again with the provider, without us.
with saga as materialized (
  select hold_id, state from sagas where payment_id = $1::text for update
),
reopened as (
  update sagas set state = 'pending', reason = '', updated_at = clock_timestamp()
  where hold_id in (select hold_id from saga where state = 'declined') and $2::boolean
    -- What would let go of it can be seen, and so dropped.
    and exists (
      select from saga_steps step where step.hold_id = sagas.hold_id and kind = 'void' and step.state in ('due', 'dead')
    )
  returning hold_id
),
dropped as (
  update saga_steps set state = 'dropped', ended_at = clock_timestamp()
  where hold_id in (select hold_id from reopened) and state in ('due', 'dead')
),
looking as (
  insert into saga_steps (hold_id, kind) select hold_id, 'authorise' from reopened
  returning hold_id
),
hastened as (
  update saga_steps set due_at = clock_timestamp()
  where state = 'due' and kind = 'authorise' and hold_id in (select hold_id from saga where state = 'pending')
  returning hold_id
)
select hold_id from looking union all select hold_id from hastened
