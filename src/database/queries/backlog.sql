-- Returns outbox, outbox_late_ms, sagas_due, sagas_dead: rows of the outbox that wait, how late the latest of those is
-- that somebody could have taken, and steps of payments that are due or were put aside. Counts end at 100,000.
select
  (select count(*) from (select from outbox where sent_at is null limit 100000) as waiting)::integer as outbox,
  coalesce(
    (
      select extract(epoch from clock_timestamp() - min(due_at)) * 1000 from outbox as due
      where sent_at is null and due_at < clock_timestamp()
        -- What waits for an earlier row of its key is in nobody's hands.
        and not exists (
          select from outbox as earlier where earlier.key = due.key and earlier.sent_at is null and earlier.id < due.id
        )
    ),
    0
  )::float8 as outbox_late_ms,
  (
    select count(*)
    from (select from saga_steps where state = 'due' and due_at < clock_timestamp() limit 100000) as due
  )::integer as sagas_due,
  (select count(*) from (select from saga_steps where state = 'dead' limit 100000) as dead)::integer as sagas_dead
