/** What the queries of analytics read from: the rows themselves, and the sums with what is not folded yet. */

/** Every booking and every seat of one, as what it counts. */
const saleFacts = `
  create view sale_facts as
  select event_id, created_at as at, '' as category, 1 as bookings, (status = 'cancelled')::integer as cancelled_bookings,
    0 as seats, 0 as cancelled_seats, 0::bigint as gross_cents, 0::bigint as cancelled_cents
  from bookings
  union all
  select b.event_id, b.created_at, s.category, 0, 0, 1, (not s.active)::integer, s.price_cents,
    case when s.active then 0 else s.price_cents end
  from bookings as b join booking_seats as s on s.booking_id = b.id`;

/**
 * Sales by event and category: of one event, of an organizer's events (null: everybody's). A range is cut into
 * `pieces` (src/analytics/range.ts): whole months and days of UTC are sums already, the edges are counted.
 */
const salesByEvent = `
  create function sales_by_event(
    organizer uuid, one_event uuid, since timestamptz, until timestamptz,
    grains text[], starts timestamptz[], ends timestamptz[]
  )
  returns table (
    event_id uuid, category text, bookings bigint, cancelled_bookings bigint, seats bigint, cancelled_seats bigint,
    gross_cents bigint, cancelled_cents bigint
  )
  language sql stable as $$
    select s.event_id, s.category, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents,
      s.cancelled_cents
    from unnest(grains, starts, ends) as piece (grain, since, until)
    join event_sales as s on s.grain = piece.grain and s.at >= piece.since and s.at < piece.until
    where one_event is null and organizer is null
    union all
    select s.event_id, s.category, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents,
      s.cancelled_cents
    from events as e
    cross join unnest(grains, starts, ends) as piece (grain, since, until)
    join event_sales as s
      on s.event_id = e.id and s.grain = piece.grain and s.at >= piece.since and s.at < piece.until
    where one_event is null and e.organizer_id = organizer
    union all
    select p.event_id, p.category, p.bookings, p.cancelled_bookings, p.seats, p.cancelled_seats, p.gross_cents,
      p.cancelled_cents
    from sales_changes as p
    join unnest(grains, starts, ends) as piece (grain, since, until)
      on piece.grain <> 'live' and p.at >= piece.since and p.at < piece.until
    join events as e on e.id = p.event_id
    where one_event is null and (organizer is null or e.organizer_id = organizer)
    union all
    select b.event_id, f.category, f.bookings, f.cancelled_bookings, f.seats, f.cancelled_seats, f.gross_cents,
      f.cancelled_cents
    from unnest(grains, starts, ends) as piece (grain, since, until)
    join bookings as b on piece.grain = 'live' and b.created_at >= piece.since and b.created_at < piece.until
    join events as e on e.id = b.event_id
    cross join lateral (
      select '' as category, 1::bigint as bookings, (b.status = 'cancelled')::integer::bigint as cancelled_bookings,
        0::bigint as seats, 0::bigint as cancelled_seats, 0::bigint as gross_cents, 0::bigint as cancelled_cents
      union all
      select s.category, 0, 0, 1, (not s.active)::integer, s.price_cents,
        case when s.active then 0 else s.price_cents end
      from booking_seats as s where s.booking_id = b.id
    ) as f
    where one_event is null and (organizer is null or e.organizer_id = organizer)
    union all
    select f.event_id, f.category, f.bookings, f.cancelled_bookings, f.seats, f.cancelled_seats, f.gross_cents,
      f.cancelled_cents
    from sale_facts as f
    where f.event_id = one_event and f.at >= since and f.at < until
  $$`;

/**
 * Sales and holds over time: of one event, of an organizer's events (null: everybody's). Ids of holds are compared as
 * the index of bookings has them; those of the audit log have another collation, for which there is none.
 */
const salesOverTime = `
  create function sales_over_time(organizer uuid, one_event uuid, since timestamptz, until timestamptz)
  returns table (
    at timestamptz, currency text, bookings bigint, cancelled_bookings bigint, seats bigint, cancelled_seats bigint,
    gross_cents bigint, cancelled_cents bigint, holds bigint, converted bigint
  )
  language sql stable as $$
    select s.at, s.currency, s.bookings, s.cancelled_bookings, s.seats, s.cancelled_seats, s.gross_cents,
      s.cancelled_cents, s.holds, s.converted
    from scope_sales as s
    where one_event is null and s.scope = coalesce(organizer, '00000000-0000-0000-0000-000000000000')
      and s.at >= since and s.at < until
    union all
    select p.at, e.currency, p.bookings, p.cancelled_bookings, p.seats, p.cancelled_seats, p.gross_cents,
      p.cancelled_cents, p.holds, p.converted
    from sales_changes as p
    join events as e on e.id = p.event_id
    where one_event is null and (organizer is null or e.organizer_id = organizer) and p.at >= since and p.at < until
    union all
    select h.at, e.currency, 0, 0, 0, 0, 0, 0, 1, (select count(*) from bookings as b where b.hold_id = h.hold_id collate "default")
    from hold_starts as h
    join events as e on e.id = h.event_id
    where one_event is null and (organizer is null or e.organizer_id = organizer) and h.at >= since and h.at < until
    union all
    select f.at, e.currency, f.bookings, f.cancelled_bookings, f.seats, f.cancelled_seats, f.gross_cents,
      f.cancelled_cents, 0, 0
    from sale_facts as f
    join events as e on e.id = f.event_id
    where f.event_id = one_event and f.at >= since and f.at < until
    union all
    select h.at, e.currency, 0, 0, 0, 0, 0, 0, 1, (select count(*) from bookings as b where b.hold_id = h.hold_id collate "default")
    from (
      select a.hold_id, min(a.at) as at from audit as a
      where a.event_id = one_event and a.until_ms is not null and a.action = 'seats-held'
      group by a.hold_id
    ) as h
    join events as e on e.id = one_event
    where h.at >= since and h.at < until
  $$`;

export const salesViews: readonly string[] = [saleFacts, salesByEvent, salesOverTime];
