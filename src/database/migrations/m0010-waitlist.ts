import { Migration } from '@mikro-orm/migrations';

/**
 * The waitlist: who waits for what, what they were offered, and every step of it. Redis has the order and makes the
 * offers (`src/redis/scripts/waitlist.lua`); what it did is written here afterwards, each step once.
 */
export class WaitlistMigration extends Migration {
  override up(): void {
    // queue_order: (9 - priority) * 1e14 + ms since 1970, the score in Redis.
    this.addSql(`
      create table waitlist_entries (
        id uuid primary key,
        event_id uuid not null references events,
        user_id uuid not null references users,
        category text,
        quantity integer not null check (quantity between 1 and 50),
        together boolean not null,
        priority integer not null default 0 check (priority between 0 and 9),
        queued_at timestamptz not null default clock_timestamp(),
        queue_order bigint not null,
        skipped integer not null default 0,
        passes integer not null default 0,
        state text not null default 'waiting'
          check (state in ('waiting', 'offered', 'accepted', 'left', 'expired', 'closed')),
        reason text not null default '',
        version bigint not null default 0,
        request_id text,
        created_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz,
        check ((ended_at is null) = (state in ('waiting', 'offered')))
      )`);
    this.addSql(`
      create unique index waitlist_entries_once on waitlist_entries (event_id, user_id, coalesce(category, ''))
      where state in ('waiting', 'offered')`);
    this.addSql(`
      create index waitlist_entries_queue on waitlist_entries (event_id, queue_order, id)
      where state in ('waiting', 'offered')`);
    this.addSql('create index waitlist_entries_by_state on waitlist_entries (event_id, state, id)');
    this.addSql('create index waitlist_entries_by_user on waitlist_entries (user_id, id)');
    this.addSql(`
      create table waitlist_offers (
        hold_id text primary key,
        entry_id uuid not null references waitlist_entries,
        event_id uuid not null references events,
        user_id uuid not null references users,
        seats integer[] not null,
        total_cents bigint not null,
        offered_at timestamptz not null,
        until timestamptz not null,
        state text not null check (state in ('live', 'accepted', 'declined', 'expired', 'revoked')),
        ended_at timestamptz,
        check ((ended_at is null) = (state = 'live'))
      )`);
    this.addSql(`
      create unique index waitlist_offers_once on waitlist_offers (event_id, user_id) where state = 'live'`);
    this.addSql('create index waitlist_offers_by_entry on waitlist_offers (entry_id)');
    // What is in here was done, whoever tells of it again.
    this.addSql(`
      create table waitlist_steps (
        entry_id uuid not null references waitlist_entries,
        version bigint not null,
        kind text not null,
        primary key (entry_id, version)
      )`);
    this.addSql(recordWaitlist);
    // Who is shut out waits for nothing any more.
    this.addSql(`
      create function account_leaves_waitlists() returns trigger language plpgsql as $$
      begin
        if exists (select from waitlist_entries where user_id = new.id and state in ('waiting', 'offered')) then
          insert into outbox (topic, key, payload, due_at)
          values ('account-disabled', 'account-disabled-' || new.id, jsonb_build_object('userId', new.id), clock_timestamp());
        end if;
        return null;
      end $$`);
    this.addSql(`
      create trigger users_leave_waitlists after update of disabled_at on users
      for each row when (new.disabled_at is not null and old.disabled_at is null)
      execute function account_leaves_waitlists()`);
  }
}

/**
 * Steps of entries as Redis made them, a JSON array. Each is done once: whoever comes second finds it in
 * `waitlist_steps`. They may come late and in any order: an entry keeps what its latest step says, and an offer that
 * has ended stays ended.
 */
export const recordWaitlist = `
  create or replace function record_waitlist(steps jsonb)
  returns table (key text, is_new boolean, outbox_id text, payload jsonb) language plpgsql volatile as $$
  #variable_conflict use_column
  declare
    step record;
    entry record;
    is_latest boolean;
    is_current boolean;
    why text;
  begin
    -- In one order, so that two who write the same do not wait for each other for ever.
    for step in
      select * from jsonb_to_recordset(steps) as s (
        key text, "entryId" uuid, version bigint, kind text, "userId" uuid, state text, "order" bigint, skipped integer,
        passes integer, "holdId" text, seats integer[], "totalCents" bigint, currency text, places text,
        "offeredAt" float8, until float8, at float8,
        reason text, position bigint, "actorId" uuid, "sessionId" text, "requestId" text
      ) order by "entryId", version
    loop
      key := step.key;
      is_new := false;
      outbox_id := null;
      payload := null;
      select * into entry from waitlist_entries where id = step."entryId" for update;
      if not found then
        return next;
        continue;
      end if;
      insert into waitlist_steps (entry_id, version, kind) values (step."entryId", step.version, step.kind)
      on conflict do nothing;
      if not found then
        return next;
        continue;
      end if;
      is_new := true;
      why := step.reason;
      if why = 'sale-ended' then
        -- Redis knows that the sale is over, and no more.
        select case when status = 'cancelled' then 'event-cancelled' when starts_at <= clock_timestamp() then 'event-started'
          else 'sale-ended' end into why from events where id = entry.event_id;
      end if;
      is_latest := step.version > entry.version and entry.state in ('waiting', 'offered');
      if step.kind = 'offered' then
        -- Whose end is still on its way: Redis has ended it, or there would be no later one.
        update waitlist_offers set state = 'revoked', ended_at = to_timestamp(step.at / 1000)
        where event_id = entry.event_id and user_id = entry.user_id and state = 'live' and hold_id <> step."holdId"
          and offered_at < to_timestamp(step."offeredAt" / 1000);
      end if;
      if is_latest and step.state <> 'offered' then
        -- Redis went back to before it was made: an entry has no other offer than the one its latest step is about.
        update waitlist_offers set state = 'revoked', ended_at = to_timestamp(step.at / 1000)
        where entry_id = step."entryId" and state = 'live' and hold_id is distinct from step."holdId";
      end if;
      -- A later one may have been written down before.
      is_current := is_latest and not exists (
        select from waitlist_offers
        where event_id = entry.event_id and user_id = entry.user_id and state = 'live' and hold_id <> step."holdId"
      );
      if step."holdId" is not null and step.kind not in ('gathered', 'let-go') then
        insert into waitlist_offers (hold_id, entry_id, event_id, user_id, seats, total_cents, offered_at, until, state, ended_at)
        values (
          step."holdId", step."entryId", entry.event_id, entry.user_id, step.seats, step."totalCents",
          to_timestamp(step."offeredAt" / 1000), to_timestamp(step.until / 1000),
          case when step.kind in ('accepted', 'declined', 'expired') then step.kind
            when step.kind = 'offered' and is_current then 'live' else 'revoked' end,
          case when step.kind <> 'offered' or not is_current then to_timestamp(step.at / 1000) end
        )
        on conflict (hold_id) do update set state = excluded.state, ended_at = excluded.ended_at
        where step.kind <> 'offered';
      end if;
      if is_latest then
        update waitlist_entries set
          state = step.state, version = step.version, queue_order = step."order",
          priority = 9 - step."order" / 100000000000000,
          queued_at = to_timestamp((step."order" % 100000000000000) / 1000.0),
          skipped = step.skipped, passes = step.passes, reason = why,
          ended_at = case when step.state not in ('waiting', 'offered') then to_timestamp(step.at / 1000) end
        where id = step."entryId";
      end if;
      if step.kind = 'accepted' then
        -- From here on it is a hold, for whoever counts how many are booked.
        insert into hold_starts (hold_id, event_id, at)
        values (step."holdId", entry.event_id, to_timestamp(step.at / 1000)) on conflict do nothing;
      end if;
      if step.kind <> 'passed' then
        insert into audit (at, action, event_id, actor_id, session_id, request_id, seats, details)
        values (
          to_timestamp(step.at / 1000), 'waitlist-' || step.kind, entry.event_id, step."actorId", step."sessionId",
          step."requestId",
          case when step.kind in ('offered', 'accepted', 'gathered') then step.seats else '{}' end,
          jsonb_strip_nulls(jsonb_build_object('entryId', step."entryId", 'userId', entry.user_id, 'state', step.state,
            'reason', nullif(why, ''), 'holdId', step."holdId", 'until', step.until, 'position', step.position,
            'asked', case when step.kind not in ('offered', 'accepted') then to_jsonb(step.seats) end))
        );
      end if;
      -- Of what is over already nobody is told any more.
      if is_latest and (step.kind in ('offered', 'expired') or step.state in ('expired', 'closed')) then
        payload := jsonb_build_object('kind', step.kind, 'state', step.state, 'eventId', entry.event_id,
          'entryId', step."entryId", 'userId', entry.user_id, 'holdId', step."holdId", 'seats', step.seats,
          'until', step.until, 'skipped', step.skipped, 'reason', why,
          'totalCents', step."totalCents", 'currency', step.currency, 'places', step.places);
        insert into outbox (topic, key, payload, due_at)
        values ('waitlist-told', step."entryId"::text, payload, clock_timestamp() + interval '3 seconds')
        returning id::text into outbox_id;
      end if;
      return next;
    end loop;
  end $$`;
