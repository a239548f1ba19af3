-- Returns nothing. An outbox row ($1) could not be worked on: again in so many ms ($2).
update outbox set due_at = clock_timestamp() + $2::float8 * interval '1 millisecond' where id = $1 and sent_at is null
