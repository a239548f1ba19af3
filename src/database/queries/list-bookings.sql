-- Returns a buyer's bookings with their seats, newest first.
-- $1 user id, $2 event id or null, $3 status or null, $4 id to go on after or null, $5 limit.
select * from booking_details
where user_id = $1
  and ($2::uuid is null or event_id = $2)
  and ($3::text is null or status = $3)
  and ($4::uuid is null or id < $4)
order by id desc
limit $5
