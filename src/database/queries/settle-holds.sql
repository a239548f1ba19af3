-- Returns settled: how many holds are counted from now on, with whether they were booked. $1 after how many ms, $2 how
-- many at most. By then none can be booked any more: the longest life of a hold is half of it.
with due as (
  delete from hold_starts
  where hold_id = any (array(
    select hold_id from hold_starts
    where at < clock_timestamp() - $1::float8 * interval '1 millisecond'
    order by at
    limit $2
    for update skip locked
  ))
  returning hold_id, event_id, at
),
noted as (
  insert into sales_changes (event_id, at, holds, converted)
  select due.event_id, quarter_of(due.at), count(*), count(b.id)
  from due left join bookings as b on b.hold_id = due.hold_id
  group by 1, 2
)
select count(*)::integer as settled from due
