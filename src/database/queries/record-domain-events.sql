-- Returns one row: recorded (how many), position (that of the last one there is, "ms-seq"). $1 how many at most.
-- They leave `domain_changes` and enter `domain_events` in one statement, so each is there once, whatever dies. One node
-- records at a time, and what it gives has its numbers when it commits: whoever has read up to one of them has missed none
-- before it. What hangs together (the changes of one booking, a booking and the publishing of its event) keeps its
-- order: the later one was made by somebody who saw the earlier one, or waited for it, and so has the higher id.
-- Whoever saw the tables as they were before another node's turn finds a later number, and does nothing.
with lease as materialized (
  select ms, seq from domain_event_head
  where exists (select from domain_changes)
  for update skip locked
),
turn as materialized (
  select greatest(ms, (extract(epoch from clock_timestamp()) * 1000)::bigint) as ms, seq
  from lease join domain_event_head using (ms, seq)
),
taken as (
  delete from domain_changes
  where ctid = any (array(select ctid from domain_changes where exists (select from turn) order by id limit $1))
  returning *
),
-- A booking that somebody has removed by hand is not told of.
facts as (
  select id, type, subject, event_id, at, case when data is not null then data else (
    select jsonb_build_object(
      'bookingId', b.id, 'eventId', b.event_id, 'userId', b.user_id, 'totalCents', b.total_cents,
      'currency', b.currency, 'confirmedAt', instant_text(b.created_at), 'seats', (
        select jsonb_agg(
          jsonb_build_object('seat', seat, 'label', label, 'category', category, 'priceCents', price_cents)
          order by seat
        )
        from booking_seats where booking_id = b.id
      ))
    from bookings as b where b.id = subject::uuid
  ) end as data
  from taken
),
recorded as (
  insert into domain_events (ms, seq, id, type, subject, event_id, at, data)
  select turn.ms, turn.seq + row_number() over (order by facts.id), gen_random_uuid(), type, subject, event_id, at, data
  from facts cross join turn
  where data is not null
  returning ms, seq
),
moved as (
  update domain_event_head set ms = latest.ms, seq = latest.seq
  from (select ms, max(seq) as seq from recorded group by ms) as latest
  returning domain_event_head.ms, domain_event_head.seq
)
select (select count(*) from recorded)::integer as recorded, ms || '-' || seq as position
from (select ms, seq from moved union all select ms, seq from domain_event_head order by seq desc limit 1) as head
