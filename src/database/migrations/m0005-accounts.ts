import { Migration } from '@mikro-orm/migrations';

/** Sessions with their refresh tokens, what people set for themselves, and kiosks with their pairings. */
export class AccountsMigration extends Migration {
  override up(): void {
    this.addSql(`
      alter table users
        add column time_zone text not null default 'Europe/Brussels',
        add column alerts jsonb not null
          default '{"leadMinutes": [1440, 60, 5], "channels": {"socket": true, "email": true}}'`);
    // For the last admin, who stays.
    this.addSql("create index users_admins on users (id) where role = 'admin' and disabled_at is null");
    // A sign-in with all that was renewed from it: what ends at once. Of a user, or of a kiosk.
    this.addSql(`
      create table sessions (
        id text primary key,
        user_id uuid not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        tokens_until timestamptz not null,
        ended_at timestamptz,
        end_reason text,
        check ((ended_at is null) = (end_reason is null))
      )`);
    this.addSql('create index sessions_of_user on sessions (user_id) where ended_at is null');
    this.addSql('create index sessions_ended on sessions (ended_at) where ended_at is not null');
    this.addSql('create index sessions_over on sessions (greatest(expires_at, tokens_until))');
    // Only their hash: whoever reads the table cannot renew anything with it.
    this.addSql(`
      create table refresh_tokens (
        hash text primary key,
        session_id text not null references sessions on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      )`);
    this.addSql('create index refresh_tokens_of_session on refresh_tokens (session_id)');
    this.addSql('create index refresh_tokens_over on refresh_tokens (expires_at)');
    this.addSql(`
      create table kiosks (
        id uuid primary key,
        organizer_id uuid not null references users,
        name text not null,
        session_id text not null unique,
        paired_at timestamptz not null,
        claimed_at timestamptz,
        token_until timestamptz not null,
        revoked_at timestamptz
      )`);
    this.addSql(
      'create index kiosks_of_organizer on kiosks (organizer_id, id desc) where revoked_at is null',
    );
    this.addSql(`
      create table kiosk_pairings (
        id uuid primary key,
        code text not null,
        secret_hash text not null,
        expires_at timestamptz not null,
        kiosk_id uuid references kiosks
      )`);
    // A code is used once; only codes that still wait must differ.
    this.addSql('create unique index kiosk_pairings_code on kiosk_pairings (code) where kiosk_id is null');
    this.addSql('create index kiosk_pairings_over on kiosk_pairings (expires_at)');
  }
}
