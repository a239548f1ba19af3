-- Returns id, topic, key, payload, attempts of rows that are due, and leases them. $1 lease in ms, $2 how many.
-- Polled by status, never by "id greater than the last": ids are given in another order than commits.
-- Of each key only the oldest unsent row is given, so what concerns one booking happens in order.
update outbox set attempts = attempts + 1, due_at = clock_timestamp() + $1::float8 * interval '1 millisecond'
where id in (
  select id from outbox as due
  where sent_at is null and due_at <= clock_timestamp()
    and not exists (
      select from outbox as earlier where earlier.key = due.key and earlier.sent_at is null and earlier.id < due.id
    )
  order by id
  limit $2
  for update skip locked
)
returning id::text, topic, key, payload, attempts
