/**
 * The triggers that note every change of bookings and their seats in `sales_changes`, as a difference: whoever
 * changes them, by whatever statement, cannot forget it. They fire once a statement, so a batch of confirms pays
 * once, and only insert: no two bookings wait for each other here.
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
    if tg_op = 'INSERT' then
      insert into sales_changes (event_id, at, bookings, cancelled_bookings)
      select event_id, quarter_of(created_at), count(*), count(*) filter (where status = 'cancelled')
      from new_rows group by 1, 2;
    elsif tg_op = 'DELETE' then
      insert into sales_changes (event_id, at, bookings, cancelled_bookings)
      select event_id, quarter_of(created_at), -count(*), -count(*) filter (where status = 'cancelled')
      from old_rows group by 1, 2;
    else
      insert into sales_changes (event_id, at, bookings, cancelled_bookings)
      select event_id, quarter_of(created_at), sum(sign), coalesce(sum(sign) filter (where status = 'cancelled'), 0)
      from (
        select event_id, created_at, status, 1 as sign from new_rows
        union all
        select event_id, created_at, status, -1 from old_rows
      ) as both_rows
      group by 1, 2
      having sum(sign) <> 0 or sum(sign) filter (where status = 'cancelled') <> 0;
      -- A booking that is given another time takes its seats along.
      if exists (select from old_rows as o join new_rows as n using (id) where o.created_at <> n.created_at) then
        insert into sales_changes (event_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
        select s.event_id, quarter_of(moved.at), s.category, sum(sign), coalesce(sum(sign) filter (where not s.active), 0),
          sum(sign * price_cents), coalesce(sum(sign * price_cents) filter (where not s.active), 0)
        from old_rows as o
        join new_rows as n using (id)
        join booking_seats as s on s.booking_id = o.id
        cross join lateral (values (o.created_at, -1), (n.created_at, 1)) as moved (at, sign)
        where o.created_at <> n.created_at
        group by 1, 2, 3;
      end if;
    end if;
    return null;
  end $$`;

// The time is looked up row by row, by key: no plan that was made for a few rows is ever a bad one.
const sold = (rows: string) => `
  select event_id, quarter_of((select created_at from bookings where id = booking_id)) as at, category,
    active, price_cents from ${rows}`;

const noteSeats = `
  create function note_seats() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      insert into sales_changes (event_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
      select event_id, at, category, count(*), count(*) filter (where not active), sum(price_cents),
        coalesce(sum(price_cents) filter (where not active), 0)
      from (${sold('new_rows')}) as sold group by 1, 2, 3;
    elsif tg_op = 'DELETE' then
      insert into sales_changes (event_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
      select event_id, at, category, -count(*), -count(*) filter (where not active), -sum(price_cents),
        -coalesce(sum(price_cents) filter (where not active), 0)
      from (${sold('old_rows')}) as sold group by 1, 2, 3;
    else
      insert into sales_changes (event_id, at, category, seats, cancelled_seats, gross_cents, cancelled_cents)
      select event_id, at, category, sum(sign), coalesce(sum(sign) filter (where not active), 0),
        sum(sign * price_cents), coalesce(sum(sign * price_cents) filter (where not active), 0)
      from (
        select sold.*, 1 as sign from (${sold('new_rows')}) as sold
        union all
        select sold.*, -1 from (${sold('old_rows')}) as sold
      ) as both_rows
      group by 1, 2, 3
      having sum(sign) <> 0 or sum(sign * price_cents) <> 0
        or sum(sign) filter (where not active) <> 0 or sum(sign * price_cents) filter (where not active) <> 0;
    end if;
    return null;
  end $$`;

const triggersOf = (table: string, run: string): string[] =>
  (
    [
      ['insert', 'new table as new_rows'],
      ['update', 'old table as old_rows new table as new_rows'],
      ['delete', 'old table as old_rows'],
    ] as const
  ).map(
    ([change, rows]) => `
      create trigger ${run}_after_${change} after ${change} on ${table}
      referencing ${rows} for each statement execute function ${run}()`,
  );

export const changeTriggers: readonly string[] = [
  quarterOf,
  noteBookings,
  noteSeats,
  ...triggersOf('bookings', 'note_bookings'),
  ...triggersOf('booking_seats', 'note_seats'),
];
