-- Returns hold_id: the hold that a user ($1) booked under a request id ($2), or no row.
select fingerprint as hold_id from requests
where user_id = $1::uuid and request_id = $2::text and message = 'bookings:confirm'
