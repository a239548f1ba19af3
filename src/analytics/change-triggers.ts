/**
 * Bookings are made by one statement, which notes them in `sales_changes` itself (confirm-holds.sql). These
 * triggers note every change of a booking and its seats after that, as a difference: whatever statement it was, it
 * cannot forget to. They fire once a statement and only insert, so no two changes wait for each other here.
 *
 * A difference belongs to the quarter of an hour in which its booking was made, also that of a cancellation.
 */
const quarterOf = `
  create function quarter_of(moment timestamptz) returns timestamptz
  language sql immutable strict parallel safe as $$
    select date_bin('15 minutes', moment, timestamptz '2000-01-01 00:00:00+00')
  $$`;

const noteBookings = `
  create function note_bookings() returns trigger language plpgsql as $$
  begin
    insert into sales_changes (event_id, user_id, at, category, bookings, cancelled_bookings)
    select event_id, user_id, quarter_of(created_at), '', sum(sign),
      coalesce(sum(sign) filter (where status = 'cancelled'), 0)
    from (
      select event_id, user_id, created_at, status, 1 as sign from new_rows
      union all
      select event_id, user_id, created_at, status, -1 from old_rows
    ) as both_rows
    group by 1, 2, 3
    having sum(sign) <> 0 or sum(sign) filter (where status = 'cancelled') <> 0;
    -- A booking that is given another time, or another buyer, takes its seats along.
    if exists (
      select from old_rows as o join new_rows as n using (id)
      where (o.created_at, o.user_id) is distinct from (n.created_at, n.user_id)
    ) then
      insert into sales_changes (event_id, user_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
      select s.event_id, moved.user_id, quarter_of(moved.at), s.category, sum(sign),
        coalesce(sum(sign) filter (where not s.active), 0), sum(sign * price_cents),
        coalesce(sum(sign * price_cents) filter (where not s.active), 0)
      from old_rows as o
      join new_rows as n using (id)
      join booking_seats as s on s.booking_id = o.id
      cross join lateral (values (o.created_at, o.user_id, -1), (n.created_at, n.user_id, 1)) as moved (at, user_id, sign)
      where (o.created_at, o.user_id) is distinct from (n.created_at, n.user_id)
      group by 1, 2, 3, 4;
    end if;
    return null;
  end $$`;

// The booking is looked up row by row, by key (hence the limit): no plan that was made for a few rows is a bad one.
const noteSeats = `
  create function note_seats() returns trigger language plpgsql as $$
  begin
    insert into sales_changes (event_id, user_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
    select s.event_id, b.user_id, quarter_of(b.created_at), s.category, sum(sign),
      coalesce(sum(sign) filter (where not active), 0), sum(sign * price_cents),
      coalesce(sum(sign * price_cents) filter (where not active), 0)
    from (
      select booking_id, event_id, category, active, price_cents, 1 as sign from new_rows
      union all
      select booking_id, event_id, category, active, price_cents, -1 from old_rows
    ) as s
    cross join lateral (select user_id, created_at from bookings where id = s.booking_id limit 1) as b
    group by 1, 2, 3, 4
    having sum(sign) <> 0 or sum(sign * price_cents) <> 0
      or sum(sign) filter (where not active) <> 0 or sum(sign * price_cents) filter (where not active) <> 0;
    return null;
  end $$`;

const triggerOf = (table: string, run: string): string => `
  create trigger ${run}_after_update after update on ${table}
  referencing old table as old_rows new table as new_rows for each statement execute function ${run}()`;

export const changeTriggers: readonly string[] = [
  quarterOf,
  noteBookings,
  noteSeats,
  triggerOf('bookings', 'note_bookings'),
  triggerOf('booking_seats', 'note_seats'),
];
