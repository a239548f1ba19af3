import { Migration } from '@mikro-orm/migrations';

/** Files of events, and calendar feeds. */
export class AttachmentsMigration extends Migration {
  override up(): void {
    // What is in the store under the id (src/attachments/attachments.ts).
    this.addSql(`
      create table attachments (
        id uuid primary key,
        event_id uuid not null references events,
        organizer_id uuid not null references users,
        name text not null,
        type text not null,
        bytes integer not null check (bytes > 0),
        sha256 text not null,
        created_at timestamptz not null,
        stored_at timestamptz,
        removed_at timestamptz
      )`);
    this.addSql('create index attachments_by_event on attachments (event_id, id)');
    this.addSql('create index attachments_by_organizer on attachments (organizer_id)');
    this.addSql(
      'create index attachments_leftover on attachments (created_at) where stored_at is null or removed_at is not null',
    );
    // One a user: the hash of the secret in its address.
    this.addSql(`
      create table calendar_feeds (
        user_id uuid primary key references users,
        token_hash text not null unique,
        created_at timestamptz not null default clock_timestamp()
      )`);
  }
}
