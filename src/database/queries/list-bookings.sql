-- Returns a buyer's bookings with their seats, newest or oldest first.
-- $1 user id, $2 event id or null,
-- $3 status or null, $4 made at or after, or null, $5 made before, or null, $6 id to go on after or null,
-- $7 whether newest first, $8 limit. Only one half of the page runs, along its index.
with page as materialized (
  (
    select id from bookings
    where $7::boolean and user_id = $1 and ($2::uuid is null or event_id = $2)
      and ($3::text is null or status = $3)
      and ($4::timestamptz is null or created_at >= $4)
      and ($5::timestamptz is null or created_at < $5)
      and ($6::uuid is null or id < $6)
    order by id desc
    limit $8
  )
  union all
  (
    select id from bookings
    where not $7::boolean and user_id = $1 and ($2::uuid is null or event_id = $2)
      and ($3::text is null or status = $3)
      and ($4::timestamptz is null or created_at >= $4)
      and ($5::timestamptz is null or created_at < $5)
      and ($6::uuid is null or id > $6)
    order by id
    limit $8
  )
)
select booking_details.* from page join booking_details using (id)
order by case when $7 then id end desc, id
