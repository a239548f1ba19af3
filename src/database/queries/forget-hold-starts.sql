-- Returns forgotten: how many holds of long ago are no longer kept. $1 after how many ms, $2 how many at most.
-- By then none can be booked any more (the longest life of a hold is half of it), and those that were are counted.
with gone as (
  delete from hold_starts
  where hold_id = any (array(
    select hold_id from hold_starts as h
    where is_counted and at < clock_timestamp() - $1::float8 * interval '1 millisecond'
      and not exists (select from sales_changes as c where c.hold_id = h.hold_id)
    order by at
    limit $2
    for update of h skip locked
  ))
  returning hold_id
)
select count(*)::integer as forgotten from gone
