/** What the questions of analytics read: the sums, and with them what is not folded yet. */

/**
 * Sales by event: of an organizer's events (null: everybody's). A range is cut into `pieces`
 * (src/analytics/range.ts), each of which is a few sums: `offset 0` has them looked up by key, piece by piece, rather
 * than all sums compared with all pieces.
 */
const salesByEvent = `
  create function sales_by_event(
    organizer uuid, since timestamptz, until timestamptz, grains text[], starts timestamptz[], ends timestamptz[]
  )
  returns table (
    event_id uuid, bookings integer, cancelled_bookings integer, seats integer, cancelled_seats integer,
    gross_cents bigint, cancelled_cents bigint
  )
  language sql stable as $$
    select s.event_id, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents, s.cancelled_cents
    from unnest(grains, starts, ends) as piece (grain, since, until)
    cross join lateral (
      select * from event_sales where grain = piece.grain and at >= piece.since and at < piece.until offset 0
    ) as s
    where organizer is null
    union all
    select s.event_id, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents, s.cancelled_cents
    from events as e
    cross join unnest(grains, starts, ends) as piece (grain, since, until)
    cross join lateral (
      select * from event_sales
      where event_id = e.id and grain = piece.grain and at >= piece.since and at < piece.until
      offset 0
    ) as s
    where e.organizer_id = organizer
    union all
    select c.event_id, c.bookings, c.cancelled_bookings, c.seats, c.cancelled_seats, c.gross_cents, c.cancelled_cents
    from sales_changes as c
    where c.at >= since and c.at < until
      and (organizer is null or c.event_id in (select id from events where organizer_id = organizer))
  $$`;

/**
 * Sales and holds over time: of one event, of an organizer's events (null: everybody's). `bounds` are where each
 * bucket begins, and the end of the last; the pieces say which bucket (`places`, from 1) each is of. A year of days
 * has a thousand pieces.
 */
const salesOverTime = `
  create function sales_over_time(
    organizer uuid, one_event uuid, bounds timestamptz[],
    places integer[], grains text[], starts timestamptz[], ends timestamptz[]
  )
  returns table (
    place integer, currency text, bookings integer, cancelled_bookings integer, seats integer, cancelled_seats integer,
    gross_cents bigint, cancelled_cents bigint, holds integer, converted integer
  )
  language sql stable as $$
    select piece.place, s.currency, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents,
      s.cancelled_cents, s.holds, s.converted
    from unnest(places, grains, starts, ends) as piece (place, grain, since, until)
    cross join lateral (
      select * from scope_sales
      where scope = coalesce(organizer, '00000000-0000-0000-0000-000000000000') and grain = piece.grain
        and at >= piece.since and at < piece.until
      offset 0
    ) as s
    where one_event is null
    union all
    select piece.place, e.currency, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents,
      s.cancelled_cents, s.holds, s.converted
    from unnest(places, grains, starts, ends) as piece (place, grain, since, until)
    cross join lateral (
      select * from event_sales
      where event_id = one_event and grain = piece.grain and at >= piece.since and at < piece.until
      offset 0
    ) as s
    join events as e on e.id = one_event
    union all
    select width_bucket(u.at, bounds), e.currency, u.bookings, u.cancelled_bookings, u.seats, u.cancelled_seats,
      u.gross_cents, u.cancelled_cents, u.holds, u.converted
    from unfolded_sales as u
    join events as e on e.id = u.event_id
    where u.at >= bounds[1] and u.at < bounds[cardinality(bounds)]
      and (organizer is null or e.organizer_id = organizer) and (one_event is null or u.event_id = one_event)
  $$`;

/**
 * What is not in the sums yet. A hold is in them from when it is counted, its booking from when both are. Ids of
 * holds are compared as the index of bookings has them.
 */
const unfoldedSales = `
  create view unfolded_sales as
  select event_id, at, bookings, cancelled_bookings, seats, cancelled_seats, gross_cents, cancelled_cents,
    0 as holds, 0 as converted
  from sales_changes
  union all
  select h.event_id, quarter_of(h.at), 0, 0, 0, 0, 0, 0, 1,
    (select count(*)::integer from bookings as b where b.hold_id = h.hold_id)
  from hold_starts as h
  where not h.is_counted
  union all
  select h.event_id, quarter_of(h.at), 0, 0, 0, 0, 0, 0, 0, 1
  from sales_changes as c join hold_starts as h on h.hold_id = c.hold_id
  where h.is_counted`;

/** Notes all there is in `bookings`: where none was noted before. */
export const salesSoFar = `
  insert into sales_changes (event_id, user_id, at, category, bookings, cancelled_bookings, seats, cancelled_seats,
    gross_cents, cancelled_cents)
  select event_id, user_id, quarter_of(created_at), '', count(*), count(*) filter (where status = 'cancelled'), 0, 0, 0, 0
  from bookings group by 1, 2, 3
  union all
  select b.event_id, b.user_id, quarter_of(b.created_at), s.category, 0, 0, count(*), count(*) filter (where not s.active),
    sum(s.price_cents), coalesce(sum(s.price_cents) filter (where not s.active), 0)
  from bookings as b join booking_seats as s on s.booking_id = b.id
  group by 1, 2, 3, 4`;

export const salesViews: readonly string[] = [salesByEvent, unfoldedSales, salesOverTime];
