import { Migration } from '@mikro-orm/migrations';

/** What the audit log is read by: its holds in their order, and an index for each way to ask. */
export class AuditMigration extends Migration {
  override up(): void {
    // Taken from the details, so that whoever writes a row says it once.
    this.addSql(`
      alter table audit
        add column hold_id text collate "C" generated always as (details ->> 'holdId') stored,
        add column until_ms bigint generated always as ((details ->> 'until')::bigint) stored,
        add column position bigint generated always as ((details ->> 'position')::bigint) stored`);
    this.addSql('drop index audit_by_actor');
    this.addSql('create index audit_by_actor on audit (actor_id, at, id) where actor_id is not null');
    this.addSql('create index audit_by_booking on audit (booking_id, at, id) where booking_id is not null');
    this.addSql('create index audit_by_time on audit (at, id)');
    // For the seat map of the past: the holds that may be alive at a moment, and what was sold and given back.
    this.addSql(`
      create index audit_of_holds on audit (event_id, until_ms, at) where until_ms is not null`);
    this.addSql(`
      create index audit_of_sales on audit (event_id, at, id)
      where action in ('booking-confirmed', 'booking-cancelled')`);
  }
}
