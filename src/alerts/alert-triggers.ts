/**
 * Which alerts there are to be is kept by the database itself: whatever changes an event, its leads or the leads of a
 * ticket holder changes the alerts in the same transaction, and cannot forget to.
 *
 * A lead is minutes before the start, as time passes and not as clocks show it: on a day of 23 or 25 hours it is as long
 * as on any other.
 */

/** Plans the event's leads and its holders' that are not due yet, and drops what waits for another start or for nobody. */
const planAlerts = `
  create function plan_alerts(ids uuid[]) returns void language sql volatile as $$
    with wanted as materialized (
      select e.id, lead.minutes, e.starts_at, e.starts_at - lead.minutes * interval '1 minute' as due_at
      from events as e
      cross join lateral (
        select minutes::integer from jsonb_array_elements_text(e.alert_leads) as own (minutes)
        union
        select minutes::integer
        from bookings as b
        join users as u on u.id = b.user_id
        cross join lateral jsonb_array_elements_text(u.alerts -> 'leadMinutes') as held (minutes)
        where b.event_id = e.id and b.status = 'confirmed'
      ) as lead
      where e.id = any (ids) and e.status = 'published'
    ),
    dropped as (
      update alerts set state = 'dropped'
      where event_id = any (ids) and state = 'waiting'
        and not exists (
          select from wanted
          where wanted.id = event_id and minutes = lead_minutes and wanted.starts_at = alerts.starts_at
        )
    )
    insert into alerts (event_id, lead_minutes, starts_at, due_at)
    select id, minutes, starts_at, due_at from wanted where due_at > clock_timestamp()
    order by 1, 2
    -- Back at a start it had before: what was sent for that one was sent.
    on conflict (event_id, lead_minutes, starts_at) do update set state = 'waiting', is_timed = false
    where alerts.state = 'dropped'
  $$`;

/** Holders are told of a new start and of the end by the outbox, in batches (src/notifications/holder-notices.ts). */
const eventsPlanned = `
  create function events_planned() returns trigger language plpgsql as $$
  declare ids uuid[];
  begin
    select array_agg(n.id order by n.id) into ids
    from new_rows as n left join old_rows as o using (id)
    where 'published' in (n.status, o.status)
      and (n.status, n.starts_at, n.alert_leads) is distinct from (o.status, o.starts_at, o.alert_leads);
    if ids is null then return null; end if;
    perform plan_alerts(ids);
    insert into outbox (topic, key, payload, due_at)
    select 'holders-notice', 'holders-' || n.id,
      case n.status
        when 'cancelled' then jsonb_build_object('eventId', n.id, 'kind', 'event-cancelled', 'changeId', n.id,
          'at', n.updated_at)
        else jsonb_build_object('eventId', n.id, 'kind', 'event-rescheduled', 'changeId', new_id(),
          'at', clock_timestamp(), 'before', o.starts_at, 'after', n.starts_at)
      end,
      clock_timestamp()
    from new_rows as n join old_rows as o using (id)
    where o.status = 'published' and (
      n.status = 'cancelled' or n.status = 'published' and n.starts_at <> o.starts_at
    )
    order by n.id;
    return null;
  end $$`;

/** Transition tables have a trigger for each kind of statement. */
const eventTriggers = [
  `create function events_planned_first() returns trigger language plpgsql as $$
  declare ids uuid[];
  begin
    select array_agg(id order by id) into ids from new_rows where status = 'published';
    if ids is not null then perform plan_alerts(ids); end if;
    return null;
  end $$`,
  `create trigger events_planned_after_insert after insert on events
  referencing new table as new_rows for each statement execute function events_planned_first()`,
  `create trigger events_planned_after_update after update on events
  referencing old table as old_rows new table as new_rows for each statement execute function events_planned()`,
];

/** Somebody wants to be told at other times. */
const holderTriggers = [
  `create function holder_planned() returns trigger language plpgsql as $$
  begin
    insert into alerts (event_id, lead_minutes, starts_at, due_at)
    select distinct e.id, lead.minutes::integer, e.starts_at, e.starts_at - lead.minutes::integer * interval '1 minute'
    from bookings as b
    join events as e on e.id = b.event_id and e.status = 'published' and e.starts_at > clock_timestamp()
    cross join lateral jsonb_array_elements_text(new.alerts -> 'leadMinutes') as lead (minutes)
    where b.user_id = new.id and b.status = 'confirmed'
      and e.starts_at - lead.minutes::integer * interval '1 minute' > clock_timestamp()
    order by 1, 2
    -- Nobody may have wanted it before.
    on conflict (event_id, lead_minutes, starts_at) do update set state = 'waiting', is_timed = false
    where alerts.state = 'dropped';
    return null;
  end $$`,
  `create trigger users_planned after update of alerts on users
  for each row when (new.alerts -> 'leadMinutes' is distinct from old.alerts -> 'leadMinutes')
  execute function holder_planned()`,
];

export const alertTriggers: readonly string[] = [
  planAlerts,
  eventsPlanned,
  ...eventTriggers,
  ...holderTriggers,
];
