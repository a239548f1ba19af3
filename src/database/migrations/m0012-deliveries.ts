import { Migration } from '@mikro-orm/migrations';

/** What is sent out of the hub: deliveries by e-mail, to webhooks and by web push, and where the latter two go. */
export class DeliveriesMigration extends Migration {
  override up(): void {
    // `failures` and `pauses` count those in a row. `trial_id`: the delivery that finds out whether a pause is over.
    this.addSql(`
      create table webhooks (
        id uuid primary key,
        user_id uuid not null references users,
        url text not null,
        description text not null,
        types text[] not null,
        secret text not null,
        old_secret text,
        old_secret_until timestamptz,
        is_active boolean not null default true,
        failures integer not null default 0,
        pauses integer not null default 0,
        paused_until timestamptz,
        trial_id bigint,
        last_error text not null default '',
        last_sent_at timestamptz,
        created_at timestamptz not null,
        deleted_at timestamptz
      )`);
    this.addSql('create index webhooks_of_user on webhooks (user_id, id desc) where deleted_at is null');
    // An address belongs to one browser; whoever signs in there last has it, as long as that session lasts.
    this.addSql(`
      create table push_subscriptions (
        id uuid primary key,
        user_id uuid not null references users,
        session_id text not null references sessions on delete cascade,
        endpoint text not null,
        p256dh text not null,
        auth text not null,
        created_at timestamptz not null,
        constraint push_subscriptions_endpoint unique (endpoint)
      )`);
    this.addSql('create index push_subscriptions_of_user on push_subscriptions (user_id, id)');
    this.addSql('create index push_subscriptions_of_session on push_subscriptions (session_id)');
    // Those that are told: a session that has ended, or that nobody can renew any more, hears nothing.
    this.addSql(`
      create view live_push_subscriptions as
      select p.* from push_subscriptions p join sessions s on s.id = p.session_id
      where s.ended_at is null
        and (s.tokens_until > now()
          or exists (select from refresh_tokens t where t.session_id = s.id and t.expires_at > now()))`);
    // `source`: the notification or the domain event it tells of. `next_at`: when it is due; of one that is being sent,
    // until when its node has it. `due_since`: when it was made, or asked for again.
    this.addSql(`
      create table deliveries (
        id bigint generated always as identity primary key,
        source text not null,
        channel text not null check (channel in ('email', 'webhook', 'push')),
        endpoint_id uuid,
        user_id uuid not null references users,
        event_id uuid,
        target text not null,
        kind text not null,
        payload jsonb not null,
        state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'dead')),
        attempts integer not null default 0,
        next_at timestamptz not null default clock_timestamp(),
        last_error text not null default '',
        due_since timestamptz not null default clock_timestamp(),
        created_at timestamptz not null default clock_timestamp(),
        sent_at timestamptz
      )`);
    // However often something is told of, it is delivered once by each way.
    this.addSql(`
      create unique index deliveries_once on deliveries
      (source, channel, coalesce(endpoint_id, '00000000-0000-0000-0000-000000000000'))`);
    // By channel first: what waits for one that is not configured any more is in nobody's way.
    this.addSql(
      "create index deliveries_due on deliveries (channel, next_at) where state in ('waiting', 'sending')",
    );
    this.addSql(
      'create index deliveries_of_endpoint on deliveries (endpoint_id, id desc) where endpoint_id is not null',
    );
    this.addSql("create index deliveries_dead on deliveries (id desc) where state = 'dead'");
    this.addSql("create index deliveries_over on deliveries (created_at) where state in ('sent', 'dead')");
    // Up to where domain events have become deliveries to webhooks. One row.
    this.addSql('create table webhook_cursor (ms bigint not null, seq bigint not null)');
    this.addSql('insert into webhook_cursor values (0, 0)');
    // Signs the links in mails: it outlives the keys of tokens, as mails do. One row.
    this.addSql('create table mail_secret (secret text not null)');
    this.addSql("insert into mail_secret values (gen_random_uuid()::text || '.' || gen_random_uuid()::text)");
  }
}
