-- Returns a row for each hold of a batch: hold_id, verdict, reason, created_at, outbox_id (see `HoldVerdict`).
-- $1 JSON [{holdId, bookingId, eventId, userId, sessionId, requestId, currency, leftMs, seats: [{seat, label, category, priceCents}]}]
-- No two holds of a batch share a seat.
--
-- One statement is one transaction: whatever is written here is written together or not at all, and the
-- refusals are written as well, so that a slow first attempt cannot commit after one was told. A second
-- confirm of the same hold waits at the outcome's key until the first has committed; whatever it finds then
-- is the verdict 'settled', and is read anew. Seats go in sorted, so that batches that overlap cannot wait for
-- each other. If a seat is sold by somebody else between looking and writing, or a hold's time is over,
-- `confirm_guard` raises SC001 or SC002 and undoes the batch: the caller tries its holds one by one.
with asked as materialized (
  select * from jsonb_to_recordset($1::jsonb) as each (
    "holdId" text, "bookingId" uuid, "eventId" uuid, "userId" uuid, "sessionId" text, "requestId" text,
    currency text, "leftMs" float8, seats jsonb
  )
),
lines as materialized (
  select "holdId" as hold_id, "eventId" as event_id, seat, label, category, "priceCents" as price_cents, place
  from asked, rows from (
    jsonb_to_recordset(asked.seats) as (seat integer, label text, category text, "priceCents" bigint)
  ) with ordinality as each (seat, label, category, "priceCents", place)
),
totals as materialized (
  select "holdId" as hold_id, "eventId" as event_id, sums.*
  from asked cross join lateral (
    select sum("priceCents") as cents, array_agg(seat order by seat) as seats
    from jsonb_to_recordset(asked.seats) as each (seat integer, "priceCents" bigint)
  ) as sums
),
open as materialized (
  select id, rules ->> 'payment' as payment from events
  where id = any (array(select "eventId" from asked)) and status = 'published' and sell_mode = 'online'
    and closes_at > clock_timestamp()
  order by id
  for share
),
payments as materialized (
  select hold_id, amount_cents from sagas
  where hold_id = any (array(select "holdId" from asked)) and state = 'authorised'
  order by hold_id
  for update
),
taken as (
  select hold_id, found.seats
  from totals cross join lateral (
    select string_agg(seat::text, ',' order by seat) as seats from booking_seats
    where event_id = totals.event_id and seat = any (totals.seats) and active
  ) as found
  where found.seats is not null
),
reused as (
  select "holdId" as hold_id
  from asked cross join lateral (
    select from requests
    where user_id = "userId" and request_id = "requestId" and fingerprint <> "holdId"
    limit 1
  ) as found
),
before as (
  select "holdId" as hold_id
  from asked cross join lateral (
    select from outcomes where event_id = "eventId" and outcomes.hold_id = "holdId" limit 1
  ) as found
),
judged as materialized (
  select asked.*, totals.cents, totals.seats as seat_list,
    case
      when before.hold_id is not null then 'settled'
      when reused.hold_id is not null then 'reused'
      when open.id is null then 'closed'
      when taken.hold_id is not null then 'taken'
      when open.payment = 'online' and totals.cents > 0 and payments.amount_cents is distinct from totals.cents then 'unpaid'
      else 'booked'
    end as verdict,
    case
      when open.id is null then 'event-not-on-sale'
      when taken.hold_id is not null then 'seats-taken:' || taken.seats
      else ''
    end as reason
  from asked
  join totals on totals.hold_id = "holdId"
  left join before on before.hold_id = "holdId"
  left join reused on reused.hold_id = "holdId"
  left join open on open.id = "eventId"
  left join payments on payments.hold_id = "holdId"
  left join taken on taken.hold_id = "holdId"
),
fresh as (
  insert into outcomes (event_id, hold_id, outcome, reason)
  select "eventId", "holdId", case verdict when 'booked' then 'booked' else 'refused' end, reason
  from judged
  where verdict in ('booked', 'closed', 'taken')
  order by "eventId", "holdId"
  on conflict (event_id, hold_id) do nothing
  returning hold_id, outcome
),
made as (
  insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
  select "bookingId", "eventId", "userId", "holdId", 'confirmed', cents, currency, clock_timestamp()
  from judged join fresh on fresh.hold_id = "holdId" and fresh.outcome = 'booked'
  returning id, event_id, hold_id, user_id, total_cents, created_at
),
sold as (
  insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
  select made.id, made.event_id, seat, label, category, price_cents, true
  from lines join made on made.hold_id = lines.hold_id
  order by made.event_id, seat
  on conflict (event_id, seat) where active do nothing
  returning seat
),
-- For the statistics (src/analytics/): a row a booking and category; that of its first seat counts the booking.
counted as (
  insert into sales_changes (event_id, user_id, hold_id, at, category, bookings, seats, gross_cents)
  select made.event_id, made.user_id, case min(place) when 1 then made.hold_id end, quarter_of(made.created_at), category,
    case min(place) when 1 then 1 else 0 end, count(*), sum(price_cents)
  from lines join made on made.hold_id = lines.hold_id
  group by made.event_id, made.user_id, made.hold_id, made.created_at, category
),
-- For other services (src/domain-events/). What they are told is put together later: it does not change.
published as (
  insert into domain_changes (type, subject, event_id, at)
  select 'booking.confirmed.v1', id, event_id, created_at from made
),
paid as (
  update sagas set state = 'booked', booking_id = made.id, updated_at = clock_timestamp()
  from made
  where sagas.hold_id = made.hold_id and sagas.hold_id in (select hold_id from payments)
  returning sagas.hold_id, amount_cents
),
-- The step that has just been taken, and the next one.
stepped as (
  update saga_steps set state = 'done', ended_at = clock_timestamp()
  where hold_id = any (array(select hold_id from paid)) and kind = 'book' and state = 'due'
),
capturing as (
  insert into saga_steps (hold_id, kind, amount_cents) select hold_id, 'capture', amount_cents from paid
),
asked_once as (
  insert into requests (user_id, request_id, message, fingerprint, answer, leased_until)
  select made.user_id, "requestId", 'bookings:confirm', made.hold_id, 'null', clock_timestamp()
  from judged join made on made.hold_id = "holdId"
  where "requestId" is not null
  on conflict do nothing
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, seats, details)
  select 'booking-confirmed', made.event_id, made.id, made.user_id, "sessionId", "requestId", seat_list,
    jsonb_build_object('holdId', made.hold_id, 'totalCents', made.total_cents)
  from judged join made on made.hold_id = "holdId"
),
-- Whoever runs this statement acts at once; the others only if it has not by then.
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'booking-confirmed', made.id::text,
    jsonb_build_object('bookingId', made.id), clock_timestamp() + interval '3 seconds'
  from made
  returning id, key
)
select
  judged."holdId" as hold_id,
  case when verdict in ('booked', 'closed', 'taken') and fresh.hold_id is null then 'settled' else verdict end as verdict,
  judged.reason,
  to_json(made.created_at) #>> '{}' as created_at,
  told.id::text as outbox_id,
  confirm_guard(
    (select count(*) from lines where hold_id in (select hold_id from made)),
    (select count(*) from sold),
    (select min("leftMs") from judged where verdict = 'booked')
  ) as guarded
from judged
left join fresh on fresh.hold_id = judged."holdId"
left join made on made.hold_id = judged."holdId"
left join told on told.key = made.id::text
