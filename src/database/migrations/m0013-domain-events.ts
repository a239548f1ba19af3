import { Migration } from '@mikro-orm/migrations';
import { eventTrigger } from '../../domain-events/event-trigger.ts';

/**
 * What other services are told (ARCHITECTURE.md, "Domain events"). Whatever changes an event or a booking notes it in
 * `domain_changes`, in the same transaction and without waiting for any other. Any node moves the notes into
 * `domain_events`, where they have an order that everybody sees: nothing ever appears before what is already there.
 */
export class DomainEventsMigration extends Migration {
  override up(): void {
    // No index: it is written by every confirm, and short. Truncating its end would lock out confirms for a moment. What is
    // told of a new booking is put together when it is recorded, so that a confirm does not wait for that either.
    this.addSql(`
      create table domain_changes (
        id bigint generated always as identity,
        type text not null,
        subject text not null,
        event_id uuid,
        at timestamptz not null default clock_timestamp(),
        data jsonb check (data is not null or type = 'booking.confirmed.v1')
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, vacuum_truncate = false)`);
    // ms: when it was recorded, never less than that of the one before. Both together are its id on the stream.
    this.addSql(`
      create table domain_events (
        ms bigint not null,
        seq bigint not null,
        id uuid not null,
        type text not null,
        subject text not null,
        event_id uuid,
        at timestamptz not null,
        data jsonb not null,
        primary key (ms, seq)
      )`);
    // One row: the last that was recorded.
    this.addSql('create table domain_event_head (ms bigint not null, seq bigint not null)');
    this.addSql('insert into domain_event_head values (0, 0)');
    for (const each of eventTrigger) this.addSql(each);
  }
}
