-- Returns for each step: key, is_new (written by this call), outbox_id and payload of what has to be told (null: nothing).
-- $1 steps of the waitlist as Redis made them, a JSON array.
select key, is_new, outbox_id, payload from record_waitlist($1::jsonb)
