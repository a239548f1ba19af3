-- Returns a row for each event a user ($1) has booked that is not over for more than three months, by start:
-- event_id, title, venue, starts_at, ends_at, event_status, seats (labels of those still theirs), booking_ids (that they are of),
-- created_at, changed_at.
-- $2 limit: the latest.
select * from (
  select e.id as event_id, e.title, e.venue, e.status as event_status,
    to_json(e.starts_at) #>> '{}' as starts_at,
    to_json(e.ends_at) #>> '{}' as ends_at,
    to_json(e.created_at) #>> '{}' as created_at,
    to_json(greatest(e.updated_at, booked.changed_at)) #>> '{}' as changed_at,
    booked.seats, booked.booking_ids
  from (
    select b.event_id,
      max(greatest(b.created_at, b.cancelled_at, s.cancelled_at)) as changed_at,
      array_agg(s.label order by s.seat) filter (where s.active) as seats,
      array_agg(distinct b.id::text) filter (where s.active) as booking_ids
    from bookings b join booking_seats s on s.booking_id = b.id
    where b.user_id = $1
    group by b.event_id
  ) as booked
  join events e on e.id = booked.event_id
  where e.ends_at > now() - interval '3 months'
  order by e.starts_at desc
  limit $2
) as latest
order by starts_at, event_id
