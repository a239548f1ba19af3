-- Returns nothing. $1 ids of outbox rows whose work is done.
update outbox set sent_at = clock_timestamp() where id = any($1::bigint[]) and sent_at is null
