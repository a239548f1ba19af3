-- Returns how many events the feed added, changed, and has no more; no row if a later run was applied before.
-- $1 run id, $2 entries (JSON), $3 ids of entries that are there but spoiled, $4 the provider's time zone,
-- $5 attempts, $6 bytes, $7 state of the circuit, $8 what was counted (JSON), $9 spoiled entries (JSON).
with turn as (
  -- Runs follow each other here: a second one waits for the first, and an older one finds that it is late.
  update provider_state set applied_run = $1::bigint, applied_at = clock_timestamp()
  from (select applied_at as earlier_at from provider_state) as before
  where applied_run < $1::bigint
  returning coalesce(before.earlier_at, clock_timestamp()) as earlier_at, applied_at
), entries as materialized (
  select entry.*, entry."startsAt" at time zone $4 as starts_at
  from jsonb_to_recordset($2::jsonb) as entry (
    id uuid, "baseId" text, "entryId" text, title text, online boolean, "startsAt" timestamp, "endsAt" timestamp,
    "minCents" integer, "maxCents" integer
  )
), written as (
  insert into provider_events as known (
    id, base_id, entry_id, title, online, starts_local, ends_local, starts_at, min_cents, max_cents, first_seen_at
  )
  select entry.id, "baseId", "entryId", title, online, "startsAt", "endsAt", starts_at, "minCents", "maxCents",
    turn.applied_at
  from entries as entry cross join turn
  -- What was never online is none of ours; what was once is kept, and followed.
  where online or exists (select from provider_events as earlier where earlier.id = entry.id)
  on conflict (id) do update set
    title = excluded.title, online = excluded.online, starts_local = excluded.starts_local,
    ends_local = excluded.ends_local, starts_at = excluded.starts_at, min_cents = excluded.min_cents,
    max_cents = excluded.max_cents, last_seen_at = null
  where known.last_seen_at is not null
    or (known.title, known.online, known.starts_local, known.ends_local, known.starts_at, known.min_cents,
        known.max_cents)
      is distinct from (excluded.title, excluded.online, excluded.starts_local, excluded.ends_local,
        excluded.starts_at, excluded.min_cents, excluded.max_cents)
  -- A row that was just made was never locked.
  returning xmax = 0 as is_new
), spoiled as materialized (
  select unnest($3::uuid[]) as id
), back as (
  -- It cannot be read now, so it stays as it was last; but it is there.
  update provider_events set last_seen_at = null from turn
  where last_seen_at is not null and id in (select id from spoiled)
), gone as (
  update provider_events as known set last_seen_at = turn.earlier_at from turn
  where known.last_seen_at is null
    and not exists (select from entries where entries.id = known.id)
    and not exists (select from spoiled where spoiled.id = known.id)
  returning known.id
), changes as (
  select jsonb_build_object(
    'added', (select count(*) from written where is_new),
    'changed', (select count(*) from written where not is_new),
    'gone', (select count(*) from gone)
  ) as counts
  from turn
), ended as (
  update provider_runs set state = 'applied', ended_at = clock_timestamp(), attempts = $5, bytes = $6, circuit = $7,
    counts = $8::jsonb || changes.counts, spoiled = $9::jsonb
  from changes where id = $1::bigint
), told as (
  insert into audit (action, details)
  select 'provider-synced', jsonb_build_object('run', $1::text) || counts from changes
  where counts <> '{"added": 0, "changed": 0, "gone": 0}'
)
select (counts ->> 'added')::integer as added, (counts ->> 'changed')::integer as changed,
  (counts ->> 'gone')::integer as gone
from changes
