-- Returns place (of the bucket, from 1), currency and the sums of sales and holds, of buckets that have any.
-- $1 organizer id (null: all), $2 event id or null, $3 where each bucket begins and the last ends, $4..$7 pieces of the buckets.
select place, currency,
  sum(bookings)::float8 as bookings, sum(cancelled_bookings)::float8 as cancelled_bookings,
  sum(seats)::float8 as seats, sum(cancelled_seats)::float8 as cancelled_seats,
  sum(gross_cents)::float8 as gross_cents, sum(cancelled_cents)::float8 as cancelled_cents,
  sum(holds)::float8 as holds, sum(converted)::float8 as converted
from sales_over_time($1::uuid, $2::uuid, $3::timestamptz[], $4::integer[], $5::text[], $6::timestamptz[], $7::timestamptz[])
group by 1, 2
order by 1, 2
