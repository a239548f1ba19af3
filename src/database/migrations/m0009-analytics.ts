import { Migration } from '@mikro-orm/migrations';
import { changeTriggers } from '../../analytics/change-triggers.ts';
import { salesSoFar, salesViews } from '../../analytics/sales-views.ts';

/** What is counted of bookings. */
const seats = `
  seats integer not null default 0,
  cancelled_seats integer not null default 0,
  gross_cents bigint not null default 0,
  cancelled_cents bigint not null default 0`;
const sales = `
  bookings integer not null default 0,
  cancelled_bookings integer not null default 0,${seats}`;
const holds = `
  holds integer not null default 0,
  converted integer not null default 0`;

/**
 * Sales, counted as they change (ARCHITECTURE.md): whatever makes or changes bookings leaves its difference in
 * `sales_changes`, in the same transaction and without waiting for any other; any node folds the differences
 * into the sums. A number is always the sums and what is not folded yet, read in one statement.
 */
export class AnalyticsMigration extends Migration {
  override up(): void {
    // No index: it is written by every confirm, and short. `hold_id` is there once a booking. Truncating its end
    // would lock out confirms for a moment.
    this.addSql(`
      create table sales_changes (
        event_id uuid not null,
        user_id uuid not null,
        hold_id text,
        at timestamptz not null,
        category text not null,
        ${sales}
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, vacuum_truncate = false)`);
    // One row: how often was folded, so that whoever folds knows that it sees all that was folded before.
    this.addSql('create table sales_folds (version bigint not null)');
    this.addSql('insert into sales_folds values (0)');
    // Of an event, in quarters of an hour (days begin at one in every zone there is), days and months of UTC.
    this.addSql(`
      create table event_sales (
        event_id uuid not null,
        grain text collate "C" not null check (grain in ('15min', 'day', 'month')),
        at timestamptz not null,
        ${sales},
        ${holds},
        primary key (event_id, grain, at)
      ) with (fillfactor = 90)`);
    this.addSql('create index event_sales_by_time on event_sales (grain, at)');
    this.addSql(`
      create table category_sales (
        event_id uuid not null,
        grain text collate "C" not null check (grain in ('15min', 'day', 'month')),
        at timestamptz not null,
        category text not null,
        ${seats},
        primary key (event_id, grain, at, category)
      ) with (fillfactor = 90)`);
    this.addSql('create index category_sales_by_time on category_sales (grain, at)');
    // Of an organizer, and of all (the scope 0).
    this.addSql(`
      create table scope_sales (
        scope uuid not null,
        grain text collate "C" not null check (grain in ('15min', 'hour', 'day', 'month')),
        at timestamptz not null,
        currency text not null,
        ${sales},
        ${holds},
        primary key (scope, grain, at, currency)
      ) with (fillfactor = 90)`);
    // Of a buyer, in quarters of an hour: hardly anybody books twice on a day, so longer ones would not be fewer.
    this.addSql(`
      create table buyer_sales (
        user_id uuid not null,
        at timestamptz not null,
        event_id uuid not null,
        currency text not null,
        ${sales},
        primary key (user_id, at, event_id)
      ) with (fillfactor = 90)`);
    this.addSql('create index buyer_sales_by_time on buyer_sales (at)');
    this.addSql('create index buyer_sales_by_event on buyer_sales (event_id, at)');
    // Holds that may still be booked, and those that are not in the sums yet.
    this.addSql(`
      create table hold_starts (
        hold_id text primary key,
        event_id uuid not null,
        at timestamptz not null,
        is_counted boolean not null default false
      )`);
    this.addSql('create index hold_starts_by_age on hold_starts (is_counted, at)');
    for (const each of [...changeTriggers, ...salesViews, salesSoFar]) this.addSql(each);
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
