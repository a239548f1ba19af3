-- Returns currency and the sums of sales and holds of a range, one row a currency that has any.
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included).
select currency, sum(bookings)::float8 as bookings, sum(cancelled_bookings)::float8 as cancelled_bookings,
  sum(seats)::float8 as seats, sum(cancelled_seats)::float8 as cancelled_seats,
  sum(gross_cents)::float8 as gross_cents, sum(cancelled_cents)::float8 as cancelled_cents,
  sum(holds)::float8 as holds, sum(converted)::float8 as converted
from sales_over_time($1::uuid, $2::uuid, $3::timestamptz, $4::timestamptz)
group by currency
order by currency
