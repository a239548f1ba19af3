-- Returns category, currency and sums of a range, the highest revenue of each currency first.
-- $1 organizer id (null: all), $2 event id or null, $3 from, $4 to (not included), $5..$7 pieces of the range, $8 how many
-- at most.
select s.category, e.currency, count(distinct s.event_id)::integer as events,
  sum(s.seats)::float8 as seats, sum(s.cancelled_seats)::float8 as cancelled_seats,
  sum(s.gross_cents)::float8 as gross_cents, sum(s.cancelled_cents)::float8 as cancelled_cents
from (
  select event_id, category, sum(seats) as seats, sum(cancelled_seats) as cancelled_seats,
    sum(gross_cents) as gross_cents, sum(cancelled_cents) as cancelled_cents
  from (
    select s.event_id, s.category, s.seats, s.cancelled_seats, s.gross_cents, s.cancelled_cents
    from unnest($5::text[], $6::timestamptz[], $7::timestamptz[]) as piece (grain, since, until)
    -- By key, piece by piece, rather than all sums compared with all pieces.
    cross join lateral (
      select * from category_sales where grain = piece.grain and at >= piece.since and at < piece.until offset 0
    ) as s
    where $1::uuid is null and $2::uuid is null
    union all
    select s.event_id, s.category, s.seats, s.cancelled_seats, s.gross_cents, s.cancelled_cents
    from events as e
    cross join unnest($5::text[], $6::timestamptz[], $7::timestamptz[]) as piece (grain, since, until)
    cross join lateral (
      select * from category_sales
      where event_id = e.id and grain = piece.grain and at >= piece.since and at < piece.until
      offset 0
    ) as s
    where ($1::uuid is not null or $2::uuid is not null) and ($2::uuid is null or e.id = $2)
      and ($1::uuid is null or e.organizer_id = $1)
    union all
    select c.event_id, c.category, c.seats, c.cancelled_seats, c.gross_cents, c.cancelled_cents
    from sales_changes as c
    where c.at >= $3::timestamptz and c.at < $4::timestamptz and ($2::uuid is null or c.event_id = $2)
      and ($1::uuid is null or c.event_id in (select id from events where organizer_id = $1))
  ) as each
  group by 1, 2
) as s
join events as e on e.id = s.event_id
where s.seats <> 0
group by 1, 2
order by e.currency, sum(s.gross_cents - s.cancelled_cents) desc, s.category
limit $8
