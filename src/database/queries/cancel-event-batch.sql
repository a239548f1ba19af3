-- Returns a row for each booking of an event that was cancelled by this call: id, user_id, hold_id, outbox_id.
-- $1 event id, $2 how many at most, $3 actor id, $4 session id, $5 request id, $6 reason.
with batch as materialized (
  select id, event_id, user_id, hold_id, currency from bookings
  where event_id = $1::uuid and status = 'confirmed'
  order by id
  limit $2
  for update skip locked
),
freed as (
  update booking_seats set active = false, cancelled_at = clock_timestamp()
  where booking_id in (select id from batch) and active
  returning booking_id, seat, label, category, price_cents
),
ended as (
  update bookings set status = 'cancelled', cancelled_at = clock_timestamp()
  where id in (select id from batch)
  returning id
),
sums as (
  select booking_id, sum(price_cents)::bigint as cents, array_agg(seat order by seat) as seats,
    jsonb_agg(
      jsonb_build_object('seat', seat, 'label', label, 'category', category, 'priceCents', price_cents) order by seat
    ) as lines
  from freed group by booking_id
),
payment as (
  update sagas set state = case when state = 'captured' then 'refunding' else state end
  from sums
  where sagas.booking_id = sums.booking_id and sums.cents > 0 and sagas.state in ('booked', 'captured', 'refunding')
  returning sagas.hold_id, sums.cents
),
refund as (
  insert into saga_steps (hold_id, kind, amount_cents) select hold_id, 'refund', cents from payment
  returning hold_id, amount_cents
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, seats, details)
  select 'booking-cancelled', batch.event_id, batch.id, $3::uuid, $4::text, $5::text, sums.seats,
    jsonb_build_object('reason', $6::text, 'whole', true)
  from batch join sums on sums.booking_id = batch.id
),
-- For other services (src/domain-events/).
published as (
  insert into domain_changes (type, subject, event_id, data)
  select 'booking.cancelled.v1', batch.id, batch.event_id, jsonb_build_object(
    'bookingId', batch.id, 'eventId', batch.event_id, 'userId', batch.user_id, 'seats', sums.lines,
    'cancelledCents', sums.cents, 'refundCents', coalesce(refund.amount_cents, 0),
    'currency', batch.currency, 'cause', 'event', 'cancelledAt', instant_text(clock_timestamp()))
  from batch
  join sums on sums.booking_id = batch.id
  left join refund on refund.hold_id = batch.hold_id
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'booking-cancelled', batch.id::text,
    jsonb_build_object('bookingId', batch.id, 'seats', to_jsonb(sums.seats)), clock_timestamp() + interval '10 seconds'
  from batch join sums on sums.booking_id = batch.id
  returning id, key
)
select batch.id, batch.user_id, batch.hold_id, told.id::text as outbox_id
from batch join told on told.key = batch.id::text
