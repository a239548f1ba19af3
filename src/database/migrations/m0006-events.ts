import { Migration } from '@mikro-orm/migrations';

/** Venues with versions of their plans; events that are found, belong to series, end by themselves and can be put away. */
export class EventsMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table venues (
        id uuid primary key,
        organizer_id uuid not null references users,
        name text not null,
        street text not null,
        city text not null,
        postal_code text not null,
        country text not null check (country ~ '^[A-Z]{2}$'),
        time_zone text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz
      )`);
    this.addSql('create index venues_by_name on venues (lower(name), id)');
    this.addSql('create index venues_by_organizer on venues (organizer_id, lower(name), id)');
    this.addSql(`
      alter table seating_plans
        add column venue_id uuid references venues,
        add column version integer not null default 1 check (version >= 1)`);
    this.addSql(`
      create unique index seating_plans_versions on seating_plans (venue_id, name, version)
      where venue_id is not null`);
    // Stems for the language most descriptions are in, and the words as they are for all the others.
    this.addSql(`
      create function event_words(title text, venue text, category text, tags text[], description text)
      returns tsvector language sql immutable parallel safe as $$
        select
          setweight(to_tsvector('simple', title) || to_tsvector('english', title), 'A') ||
          setweight(to_tsvector('simple', concat_ws(' ', venue, category, array_to_string(tags, ' '))), 'B') ||
          setweight(to_tsvector('simple', description) || to_tsvector('english', description), 'D')
      $$`);
    this.addSql(`
      create function least_price(prices jsonb) returns bigint language sql immutable parallel safe as $$
        select coalesce(min(each.value::bigint), 0) from jsonb_each_text(prices) as each
      $$`);
    this.addSql(`
      alter table events
        add column venue_id uuid references venues,
        add column category text,
        add column tags text[] not null default '{}',
        add column sell_mode text not null default 'online' check (sell_mode in ('online', 'offline')),
        add column sales_start_at timestamptz,
        add column sales_end_at timestamptz check (sales_end_at > sales_start_at),
        add column capacity integer check (capacity between 1 and 1000000),
        add column series_id uuid,
        add column deleted_at timestamptz,
        add column closes_at timestamptz not null generated always as (least(starts_at, sales_end_at)) stored,
        add column min_price bigint not null generated always as (least_price(prices)) stored,
        add column search tsvector not null
          generated always as (event_words(title, venue, category, tags, description)) stored`);
    this.addSql('alter table events drop constraint events_status_check');
    this.addSql(`
      alter table events add constraint events_status_check
      check (status in ('draft', 'published', 'cancelled', 'completed'))`);
    // What is on sale, or may be, is never put away.
    this.addSql(`
      alter table events add constraint events_deleted_check
      check (deleted_at is null or status <> 'published')`);
    this.addSql('create index events_by_price on events (status, min_price, id)');
    this.addSql('create index events_by_title on events (status, lower(title), id)');
    this.addSql('create index events_by_making on events (status, created_at, id)');
    this.addSql(
      'create index events_by_category on events (category, starts_at, id) where category is not null',
    );
    this.addSql(
      'create index events_by_venue on events (venue_id, starts_at, id) where venue_id is not null',
    );
    this.addSql(
      'create index events_by_series on events (series_id, starts_at, id) where series_id is not null',
    );
    this.addSql('create index events_by_tag on events using gin (tags)');
    this.addSql('create index events_by_word on events using gin (search)');
    // Those that end next: what completes them never looks at any other.
    this.addSql("create index events_due on events (ends_at) where status = 'published'");
  }
}
