import { Migration } from '@mikro-orm/migrations';

/** Boards of venues: which one a kiosk shows, what is announced on them, and how each kiosk was when it was last heard of. */
export class BoardsMigration extends Migration {
  override up(): void {
    this.addSql('alter table kiosks add column venue_id uuid references venues');
    this.addSql(`
      create table announcements (
        id uuid primary key,
        venue_id uuid not null references venues,
        event_id uuid references events,
        kind text not null check (kind in ('doors', 'delay', 'info')),
        text text not null check (length(text) <= 200),
        minutes integer check (minutes between 0 and 1440),
        at timestamptz,
        starts_at timestamptz,
        until timestamptz not null,
        created_by uuid not null references users,
        created_at timestamptz not null,
        withdrawn_at timestamptz,
        check (kind <> 'delay' or (event_id is not null and minutes > 0 and starts_at is not null))
      )`);
    this.addSql('create index announcements_of_venue on announcements (venue_id, id desc)');
    this.addSql(
      'create index announcements_shown on announcements (venue_id, until) where withdrawn_at is null',
    );
    // What is not over at a venue, however much has been there before.
    this.addSql(`
      create index events_of_board on events (venue_id, ends_at)
      where venue_id is not null and published_at is not null and deleted_at is null`);
    // Written every few seconds for all kiosks of a node together, and apart from what hardly ever changes.
    this.addSql(`
      create table kiosk_states (
        kiosk_id uuid primary key references kiosks,
        connection text not null,
        seen_at timestamptz not null,
        gone_at timestamptz,
        page integer,
        pages integer,
        epoch text,
        position bigint,
        version text,
        screen text
      ) with (fillfactor = 50)`);
  }
}
