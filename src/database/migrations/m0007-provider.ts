import { Migration } from '@mikro-orm/migrations';

/** What a provider of events tells: its events, ever since they were online, and how each sync went. */
export class ProviderMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table provider_events (
        id uuid primary key,
        base_id text collate "C" not null,
        entry_id text collate "C" not null,
        title text not null,
        online boolean not null,
        -- The provider's wall clock, as its feed says it, and the moment that is in its time zone.
        starts_local timestamp not null,
        ends_local timestamp not null,
        starts_at timestamptz not null,
        min_cents integer check (min_cents >= 0),
        max_cents integer check (max_cents >= min_cents),
        first_seen_at timestamptz not null,
        -- null: it is in the last feed. So a feed that has not changed writes nothing.
        last_seen_at timestamptz,
        unique (base_id, entry_id)
      )`);
    // Serves the search: a range of starts, in order.
    this.addSql('create index provider_events_by_start on provider_events (starts_at, id)');
    this.addSql('create index provider_events_present on provider_events (id) where last_seen_at is null');
    this.addSql(`
      create table provider_runs (
        id bigint generated always as identity primary key,
        state text not null check (state in ('running', 'applied', 'failed')),
        asked_by uuid,
        started_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz,
        attempts integer not null default 0,
        bytes integer not null default 0,
        circuit text not null default 'closed',
        code text,
        error text,
        counts jsonb,
        spoiled jsonb not null default '[]',
        check ((state = 'running') = (ended_at is null))
      )`);
    // One row: the run whose feed is shown. Whoever changes it has the turn; an older run comes too late.
    this.addSql(`
      create table provider_state (
        only_row boolean primary key default true check (only_row),
        applied_run bigint not null,
        applied_at timestamptz
      )`);
    this.addSql('insert into provider_state (applied_run) values (0)');
  }
}
