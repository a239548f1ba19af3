import { Migration } from '@mikro-orm/migrations';
import { simulatedPaymentTables } from '../../payments/simulated-tables.ts';

/**
 * What makes a booking survive whatever dies in between: request ids, the outbox, the audit log, and the
 * sagas of payments with their steps.
 */
export class LedgerMigration extends Migration {
  override up(): void {
    // First answers of requests, by user: kept for a day (src/requests.ts).
    this.addSql(`
      create table requests (
        user_id uuid not null,
        request_id text not null,
        message text not null,
        fingerprint text not null,
        answer jsonb,
        leased_until timestamptz not null,
        created_at timestamptz not null default now(),
        primary key (user_id, request_id)
      )`);
    this.addSql('create index requests_by_age on requests (created_at)');
    // What must happen after a commit (src/outbox.ts).
    this.addSql(`
      create table outbox (
        id bigint generated always as identity primary key,
        topic text not null,
        key text not null,
        payload jsonb not null,
        attempts integer not null default 0,
        due_at timestamptz not null,
        created_at timestamptz not null default now(),
        sent_at timestamptz
      )`);
    this.addSql('create index outbox_unsent on outbox (due_at) where sent_at is null');
    this.addSql('create index outbox_order on outbox (key, id) where sent_at is null');
    this.addSql('create index outbox_by_age on outbox (sent_at) where sent_at is not null');
    this.addSql(`
      create table audit (
        id bigint generated always as identity primary key,
        at timestamptz not null default clock_timestamp(),
        action text not null,
        event_id uuid,
        booking_id uuid,
        actor_id uuid,
        session_id text,
        request_id text,
        seats integer[] not null default '{}',
        details jsonb not null default '{}'
      )`);
    this.addSql('create index audit_by_event on audit (event_id, at, id)');
    this.addSql('create index audit_by_actor on audit (actor_id, id)');
    this.addSql(`
      create function refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception '% of % is not allowed: it is append-only', tg_op, tg_table_name using errcode = '42501';
      end $$`);
    // Also against the tables' owner: only dropping the trigger, which is a migration, changes history.
    this.addSql(`
      create trigger audit_append_only before update or delete on audit
      for each row execute function refuse_change()`);
    this.addSql(`
      create trigger audit_not_emptied before truncate on audit
      for each statement execute function refuse_change()`);
    // One payment of a hold: what it is for, how far it has come, and what went wrong last.
    this.addSql(`
      create table sagas (
        hold_id text primary key,
        event_id uuid not null references events,
        user_id uuid not null references users,
        booking_id uuid references bookings,
        provider text not null,
        method text not null,
        attempt integer not null default 1,
        payment_id text,
        seats integer[] not null,
        amount_cents bigint not null check (amount_cents > 0),
        refunded_cents bigint not null default 0 check (refunded_cents between 0 and amount_cents),
        currency text not null,
        state text not null check (state in ('starting', 'started', 'pending', 'authorised', 'booked', 'captured',
          'declined', 'voiding', 'voided', 'refunding', 'refunded')),
        reason text not null default '',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    this.addSql('create unique index sagas_payment on sagas (payment_id) where payment_id is not null');
    this.addSql('create index sagas_by_booking on sagas (booking_id) where booking_id is not null');
    this.addSql('create index sagas_by_time on sagas (created_at desc, hold_id)');
    // Written before it is taken, so whoever finds it can take it; taken in this order within a saga.
    this.addSql(`
      create table saga_steps (
        id bigint generated always as identity primary key,
        hold_id text not null references sagas,
        kind text not null check (kind in ('start', 'authorise', 'book', 'capture', 'void', 'refund')),
        amount_cents bigint not null default 0,
        state text not null default 'due' check (state in ('due', 'done', 'dead', 'dropped')),
        attempts integer not null default 0,
        due_at timestamptz not null default now(),
        reason text not null default '',
        created_at timestamptz not null default now(),
        ended_at timestamptz
      )`);
    this.addSql("create index saga_steps_due on saga_steps (due_at) where state = 'due'");
    this.addSql('create index saga_steps_order on saga_steps (hold_id, id)');
    this.addSql("create index saga_steps_dead on saga_steps (id) where state = 'dead'");
    for (const table of simulatedPaymentTables) this.addSql(table);
    this.addSql('alter table booking_seats add column cancelled_at timestamptz');
    this.addSql(
      'update booking_seats s set cancelled_at = b.cancelled_at from bookings b where b.id = s.booking_id and not s.active',
    );
    this.addSql('alter table booking_seats add check (active = (cancelled_at is null))');
    this.addSql('create index booking_seats_of_event on booking_seats (event_id) where active');
    // The last look before a batch of confirms is committed: an exception undoes all of it.
    this.addSql(`
      create function confirm_guard(asked bigint, written bigint, left_ms float8) returns boolean
      language plpgsql volatile as $$
      begin
        if written <> asked then
          raise exception 'a seat was sold by somebody else meanwhile' using errcode = 'SC001';
        end if;
        if left_ms is not null and extract(epoch from clock_timestamp() - statement_timestamp()) * 1000 > left_ms then
          raise exception 'the time to book has passed' using errcode = 'SC002';
        end if;
        return true;
      end $$`);
    this.addSql('drop view booking_details');
    this.addSql(`
      create view booking_details as
      select b.id, b.event_id, b.user_id, b.hold_id, b.status, b.total_cents::float8 as total_cents, b.currency,
        to_json(b.created_at) #>> '{}' as created_at,
        to_json(b.cancelled_at) #>> '{}' as cancelled_at,
        (
          select json_agg(
            json_build_object('seat', s.seat, 'label', s.label, 'category', s.category,
              'priceCents', s.price_cents, 'cancelledAt', to_json(s.cancelled_at))
            order by s.seat
          )
          from booking_seats s where s.booking_id = b.id
        ) as seats,
        (
          select json_build_object('state', g.state, 'amountCents', g.amount_cents, 'refundedCents', g.refunded_cents)
          from sagas g where g.hold_id = b.hold_id
        ) as payment
      from bookings b`);
  }
}
