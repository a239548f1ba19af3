-- Returns one row: outbox_id (null if nothing was left to cancel), refund_cents.
-- $1 booking id, $2 seats to cancel or null for all, $3 actor id, $4 session id, $5 request id, $6 reason.
with booking as materialized (
  select id, event_id, user_id, hold_id, currency from bookings where id = $1::uuid and status = 'confirmed' for update
),
-- Locked, and so as they are by now: another cancellation may have taken some of them a moment ago.
lines as materialized (
  select seat, active from booking_seats where booking_id in (select id from booking) for update
),
freed as (
  update booking_seats set active = false, cancelled_at = clock_timestamp()
  where booking_id in (select id from booking) and active and ($2::integer[] is null or seat = any($2))
  returning seat, label, category, price_cents
),
ended as (
  update bookings set status = 'cancelled', cancelled_at = clock_timestamp()
  where id in (select id from booking)
    and not exists (select from lines where active and not ($2::integer[] is null or seat = any($2)))
  returning id
),
sum as (
  select coalesce(sum(price_cents), 0)::bigint as cents, array_agg(seat order by seat) as seats,
    jsonb_agg(
      jsonb_build_object('seat', seat, 'label', label, 'category', category, 'priceCents', price_cents) order by seat
    ) as lines
  from freed
),
-- A payment that is being let go of has nothing to give back.
payment as (
  update sagas set state = case when state = 'captured' then 'refunding' else state end
  from booking, sum
  where sagas.booking_id = booking.id and sum.cents > 0 and sagas.state in ('booked', 'captured', 'refunding')
  returning sagas.hold_id, sum.cents
),
refund as (
  insert into saga_steps (hold_id, kind, amount_cents) select hold_id, 'refund', cents from payment
  returning amount_cents
),
noted as (
  insert into audit (action, event_id, booking_id, actor_id, session_id, request_id, seats, details)
  select 'booking-cancelled', booking.event_id, booking.id, $3::uuid, $4::text, $5::text, sum.seats,
    jsonb_build_object('reason', $6::text, 'whole', exists (select from ended), 'refundCents',
      coalesce((select amount_cents from refund), 0))
  from booking, sum
  where sum.seats is not null
),
-- For other services (src/domain-events/).
published as (
  insert into domain_changes (type, subject, event_id, data)
  select case when exists (select from ended) then 'booking.cancelled.v1' else 'booking.seats-cancelled.v1' end,
    booking.id, booking.event_id, jsonb_build_object(
      'bookingId', booking.id, 'eventId', booking.event_id, 'userId', booking.user_id, 'seats', sum.lines,
      'cancelledCents', sum.cents, 'refundCents', coalesce((select amount_cents from refund), 0),
      'currency', booking.currency, 'cause', 'booking', 'cancelledAt', instant_text(clock_timestamp()))
  from booking, sum
  where sum.seats is not null
),
told as (
  insert into outbox (topic, key, payload, due_at)
  select 'booking-cancelled', booking.id::text,
    jsonb_build_object('bookingId', booking.id, 'seats', to_jsonb(sum.seats)), clock_timestamp() + interval '3 seconds'
  from booking, sum
  where sum.seats is not null
  returning id
)
select (select id::text from told) as outbox_id,
  coalesce((select amount_cents from refund), 0)::float8 as refund_cents,
  exists (select from ended) as ended
