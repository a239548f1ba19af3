-- Returns the payment of a hold ($1), or no row.
select hold_id, event_id, user_id, booking_id, payment_id, state, reason, amount_cents::float8 as amount_cents,
  refunded_cents::float8 as refunded_cents, currency, seats
from sagas where hold_id = $1::text
