-- Returns hold_id if a payment ($1 its id at the provider) waits for news: its step is due now.
update saga_steps set due_at = clock_timestamp()
where state = 'due' and kind = 'authorise' and hold_id in (select hold_id from sagas where payment_id = $1::text)
returning hold_id
