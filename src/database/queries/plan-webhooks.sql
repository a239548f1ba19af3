-- Returns one row: seen (how many domain events were looked at), made (the deliveries of this call: id, endpointId).
-- $1 how many at most. One node at a time; where it ends is written with what it made, so nothing is left out or made twice.
-- Whoever has an endpoint must still be an admin, or the event's organizer, and hears of what happens from now on.
with here as materialized (
  select ms, seq from webhook_cursor for update skip locked
),
batch as materialized (
  select d.*, regexp_replace(d.type, '\.v\d+$', '') as kind
  from here cross join lateral (
    select * from domain_events
    where (domain_events.ms, domain_events.seq) > (here.ms, here.seq)
    order by domain_events.ms, domain_events.seq
    limit $1
  ) as d
),
endpoints as materialized (
  select w.id, w.user_id, w.url, w.types, w.created_at, u.role
  from webhooks w join users u on u.id = w.user_id
  where w.deleted_at is null and w.is_active and u.disabled_at is null and u.role in ('admin', 'organizer')
),
heard as (
  select batch.*, w.id as endpoint_id, w.user_id, w.url, w.types, w.created_at
  from batch
  join events e on e.id = batch.event_id
  join endpoints w on w.role = 'organizer' and w.user_id = e.organizer_id
  union all
  select batch.*, w.id, w.user_id, w.url, w.types, w.created_at
  from batch join endpoints w on w.role = 'admin'
),
made as (
  insert into deliveries (source, channel, endpoint_id, user_id, event_id, target, kind, payload)
  select id::text, 'webhook', endpoint_id, user_id, event_id, url, kind,
    jsonb_build_object('seq', seq::text, 'id', id, 'type', type, 'subject', subject, 'time', instant_text(at), 'data', data)
  from heard
  where created_at <= at and (cardinality(types) = 0 or kind = any(types))
  order by ms, seq, endpoint_id
  on conflict do nothing
  returning id, endpoint_id
),
moved as (
  update webhook_cursor set ms = latest.ms, seq = latest.seq
  from (select ms, seq from batch order by ms desc, seq desc limit 1) as latest
)
select (select count(*) from batch)::integer as seen,
  coalesce((select json_agg(json_build_object('id', id::text, 'endpointId', endpoint_id) order by id) from made), '[]') as made
