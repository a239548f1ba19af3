import { Migration } from '@mikro-orm/migrations';
import { changeTriggers } from '../../analytics/change-triggers.ts';
import { salesViews } from '../../analytics/sales-views.ts';

/** What `sales_changes` and the tables it is folded into count, each with its type. */
const counts = `
  bookings bigint not null default 0,
  cancelled_bookings bigint not null default 0,
  seats bigint not null default 0,
  cancelled_seats bigint not null default 0,
  gross_cents bigint not null default 0,
  cancelled_cents bigint not null default 0,
  holds bigint not null default 0,
  converted bigint not null default 0`;

/**
 * Sales, counted as they change (ARCHITECTURE.md): each change of bookings and their seats leaves its
 * difference in `sales_changes`, in the same transaction and without waiting for any other; any node folds the
 * differences into the sums. A number is always the sums and what is not folded yet, read in one statement.
 */
export class AnalyticsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table sales_changes (
        id bigint generated always as identity primary key,
        event_id uuid not null,
        at timestamptz not null,
        category text not null default '',
        ${counts}
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`);
    // By event and category, in days and months of UTC; bookings and holds are in the category ''.
    this.addSql(`
      create table event_sales (
        event_id uuid not null,
        grain text not null check (grain in ('day', 'month')),
        at timestamptz not null,
        category text not null,
        ${counts},
        primary key (event_id, grain, at, category)
      ) with (fillfactor = 80)`);
    this.addSql('create index event_sales_by_time on event_sales (grain, at)');
    // By organizer, and of all (the scope 0), in quarters of an hour: days begin at one in every zone there is.
    this.addSql(`
      create table scope_sales (
        scope uuid not null,
        at timestamptz not null,
        currency text not null,
        ${counts},
        primary key (scope, at, currency)
      ) with (fillfactor = 80)`);
    // Holds that may still be booked: judged and counted a day after they began.
    this.addSql(`
      create table hold_starts (
        hold_id text primary key,
        event_id uuid not null,
        at timestamptz not null
      )`);
    this.addSql('create index hold_starts_by_age on hold_starts (at)');
    this.addSql('create index bookings_by_time on bookings (created_at)');
    this.addSql('create index booking_seats_cancelled on booking_seats (booking_id) where not active');
    for (const each of [...changeTriggers, ...salesViews]) this.addSql(each);
    // What was sold before these tables were there.
    this.addSql(`
      insert into sales_changes (event_id, at, category, bookings, cancelled_bookings, seats, cancelled_seats,
        gross_cents, cancelled_cents)
      select event_id, quarter_of(at), category, sum(bookings), sum(cancelled_bookings), sum(seats),
        sum(cancelled_seats), sum(gross_cents), sum(cancelled_cents)
      from sale_facts group by 1, 2, 3`);
    this.addSql(`
      insert into hold_starts (hold_id, event_id, at)
      select distinct on (hold_id) hold_id, event_id, at from audit
      where action = 'seats-held' and hold_id is not null and event_id is not null
      order by hold_id, at`);
    // Whoever reads a public event may have an older answer in the cache (src/cache.ts).
    this.addSql(`
      create function event_is_changed() returns trigger language plpgsql as $$
      begin
        insert into outbox (topic, key, payload, due_at)
        values ('event-changed', 'event-changed-' || new.id, jsonb_build_object('eventId', new.id),
          clock_timestamp() + interval '3 seconds');
        return null;
      end $$`);
    this.addSql(`
      create trigger events_changed after update on events
      for each row when (new.published_at is not null or old.published_at is not null)
      execute function event_is_changed()`);
  }
}
