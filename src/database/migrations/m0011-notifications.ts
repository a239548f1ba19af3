import { Migration } from '@mikro-orm/migrations';
import { alertTriggers } from '../../alerts/alert-triggers.ts';
import { notificationFunctions } from '../../notifications/make-notifications.ts';

/** What people were told, and the alerts before events that are still to come. */
export class NotificationsMigration extends Migration {
  override up(): void {
    // Under a key once a user, whoever makes it and however often (src/notifications/). Sorted and forgotten by id, which
    // is the time it was made.
    this.addSql(`
      create table notifications (
        id uuid primary key,
        user_id uuid not null,
        kind text not null check (kind in ('starting-soon', 'event-rescheduled', 'event-cancelled',
          'booking-confirmed', 'booking-cancelled', 'waitlist-promoted', 'waitlist-offer-expired', 'waitlist-closed')),
        key text not null,
        event_id uuid,
        payload jsonb not null,
        created_at timestamptz not null default clock_timestamp(),
        read_at timestamptz,
        constraint notifications_once unique (user_id, key)
      )`);
    this.addSql('create index notifications_by_user on notifications (user_id, id desc)');
    this.addSql(
      'create index notifications_unread on notifications (user_id, id desc) where read_at is null',
    );
    this.addSql(
      `alter table events add column alert_leads jsonb not null default '[1440, 60, 5]'
       check (jsonb_typeof(alert_leads) = 'array')`,
    );
    // One for each event, lead and start; `starts_at` is the start it was planned for. Nothing about the channels: who is
    // told, and where, is judged when it is due.
    this.addSql(`
      create table alerts (
        event_id uuid not null,
        lead_minutes integer not null check (lead_minutes > 0),
        starts_at timestamptz not null,
        due_at timestamptz not null,
        state text not null default 'waiting' check (state in ('waiting', 'sent', 'dropped', 'missed')),
        is_timed boolean not null default false,
        is_room_told boolean not null default false,
        primary key (event_id, lead_minutes, starts_at)
      ) with (fillfactor = 80)`);
    this.addSql("create index alerts_due on alerts (due_at) where state = 'waiting'");
    this.addSql("create index alerts_untimed on alerts (due_at) where state = 'waiting' and not is_timed");
    this.addSql("create index alerts_over on alerts (starts_at) where state <> 'waiting'");
    for (const each of [...notificationFunctions, ...alertTriggers]) this.addSql(each);
    this.addSql(
      "select plan_alerts((select array_agg(id order by id) from events where status = 'published'))",
    );
  }
}
