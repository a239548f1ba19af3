import { Migration } from '@mikro-orm/migrations';

/** Accounts, seating plans, events, bookings with their seats, and the outcome of every confirm. */
export class FirstMigration extends Migration {
  override up(): void {
    this.addSql(`
      create table users (
        id uuid primary key,
        email text not null,
        name text not null,
        password_hash text not null,
        role text not null check (role in ('user', 'organizer', 'admin', 'kiosk')),
        disabled_at timestamptz,
        created_at timestamptz not null,
        constraint users_email_unique unique (email),
        constraint users_email_lower check (email = lower(email))
      )`);
    this.addSql(`
      create table seating_plans (
        id uuid primary key,
        imported_by uuid not null references users,
        name text not null,
        seat_count integer not null check (seat_count between 1 and 100000),
        categories jsonb not null,
        plan jsonb not null,
        created_at timestamptz not null
      )`);
    this.addSql(`
      create table events (
        id uuid primary key,
        organizer_id uuid not null references users,
        plan_id uuid not null references seating_plans,
        title text not null,
        description text not null,
        venue text not null,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        time_zone text not null,
        status text not null check (status in ('draft', 'published', 'cancelled')),
        published_at timestamptz,
        currency text not null check (currency ~ '^[A-Z]{3}$'),
        prices jsonb not null,
        rules jsonb not null,
        seat_count integer not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        check (ends_at > starts_at)
      )`);
    this.addSql('create index events_by_start on events (status, starts_at, id)');
    this.addSql('create index events_by_organizer on events (organizer_id, starts_at, id)');
    this.addSql(`
      create table bookings (
        id uuid primary key,
        event_id uuid not null references events,
        user_id uuid not null references users,
        hold_id text not null,
        status text not null check (status in ('confirmed', 'cancelled')),
        total_cents bigint not null check (total_cents >= 0),
        currency text not null,
        created_at timestamptz not null,
        cancelled_at timestamptz,
        constraint bookings_hold_unique unique (hold_id),
        check ((status = 'cancelled') = (cancelled_at is not null))
      )`);
    this.addSql('create index bookings_by_user on bookings (user_id, id desc)');
    this.addSql('create index bookings_by_event on bookings (event_id, id)');
    this.addSql(`
      create table booking_seats (
        booking_id uuid not null references bookings,
        event_id uuid not null,
        seat integer not null check (seat >= 0),
        label text not null,
        category text not null,
        price_cents bigint not null check (price_cents >= 0),
        active boolean not null,
        primary key (booking_id, seat)
      )`);
    // Whatever Redis says, no seat of an event has two active bookings: this is the last word.
    this.addSql(
      'create unique index booking_seats_one_active on booking_seats (event_id, seat) where active',
    );
    this.addSql(`
      create view booking_details as
      select b.id, b.event_id, b.user_id, b.hold_id, b.status, b.total_cents::float8 as total_cents, b.currency,
        to_json(b.created_at) #>> '{}' as created_at,
        to_json(b.cancelled_at) #>> '{}' as cancelled_at,
        (
          select json_agg(
            json_build_object('seat', s.seat, 'label', s.label, 'category', s.category, 'priceCents', s.price_cents)
            order by s.seat
          )
          from booking_seats s where s.booking_id = b.id
        ) as seats
      from bookings b`);
    // How each confirm ended: written once, so a "no" can never become a booking afterwards.
    this.addSql(`
      create table outcomes (
        event_id uuid not null,
        hold_id text not null,
        outcome text not null check (outcome in ('booked', 'refused')),
        reason text not null,
        created_at timestamptz not null default now(),
        primary key (event_id, hold_id)
      )`);
  }
}
