/**
 * What other services are told of events (ARCHITECTURE.md, "Domain events"): a trigger notes every change of an event that
 * was ever published, whatever statement made it. A draft is its organizer's own business. Bookings are noted by the
 * statements that make and cancel them.
 */

/** RFC 3339 in UTC with milliseconds, as everywhere on the wire. */
const instantText = `
  create function instant_text(moment timestamptz) returns text language sql stable strict parallel safe as $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  $$`;

// Its description may be longer than all the rest together; that it changed is told.
const eventFacts = `
  create function event_facts(e events) returns jsonb language sql stable as $$
    select jsonb_build_object(
      'id', e.id, 'organizerId', e.organizer_id, 'title', e.title, 'status', e.status,
      'venue', e.venue, 'venueId', e.venue_id, 'category', e.category, 'tags', to_jsonb(e.tags),
      'seriesId', e.series_id, 'startsAt', instant_text(e.starts_at), 'endsAt', instant_text(e.ends_at),
      'timeZone', e.time_zone, 'sellMode', e.sell_mode, 'salesStartAt', instant_text(e.sales_start_at),
      'salesEndAt', instant_text(e.sales_end_at), 'capacity', coalesce(e.capacity, e.seat_count),
      'currency', e.currency, 'prices', e.prices, 'publishedAt', instant_text(e.published_at)
    )
  $$`;

const noteEvent = `
  create function note_event() returns trigger language plpgsql as $$
  declare
    facts jsonb := jsonb_build_object('event', event_facts(new));
    changed text[];
  begin
    if new.status <> old.status then
      insert into domain_changes (type, subject, event_id, data)
      values ('event.' || new.status || '.v1', new.id, new.id, facts);
    else
      if (new.starts_at, new.ends_at, new.time_zone) is distinct from (old.starts_at, old.ends_at, old.time_zone) then
        insert into domain_changes (type, subject, event_id, data)
        values ('event.rescheduled.v1', new.id, new.id, facts || jsonb_build_object('before', jsonb_build_object(
          'startsAt', instant_text(old.starts_at), 'endsAt', instant_text(old.ends_at), 'timeZone', old.time_zone)));
      end if;
      changed := array_remove(array[
        case when new.title is distinct from old.title then 'title' end,
        case when new.description is distinct from old.description then 'description' end,
        case when new.venue is distinct from old.venue then 'venue' end,
        case when new.venue_id is distinct from old.venue_id then 'venueId' end,
        case when new.category is distinct from old.category then 'category' end,
        case when new.tags is distinct from old.tags then 'tags' end,
        case when new.capacity is distinct from old.capacity then 'capacity' end,
        case when new.sales_start_at is distinct from old.sales_start_at then 'salesStartAt' end,
        case when new.sales_end_at is distinct from old.sales_end_at then 'salesEndAt' end,
        case when new.organizer_id is distinct from old.organizer_id then 'organizerId' end,
        case when new.sell_mode is distinct from old.sell_mode then 'sellMode' end,
        case when new.currency is distinct from old.currency then 'currency' end,
        case when new.prices is distinct from old.prices then 'prices' end
      ], null);
      if cardinality(changed) > 0 then
        insert into domain_changes (type, subject, event_id, data)
        values ('event.updated.v1', new.id, new.id, facts || jsonb_build_object('changed', to_jsonb(changed)));
      end if;
    end if;
    if (new.deleted_at is null) <> (old.deleted_at is null) then
      insert into domain_changes (type, subject, event_id, data)
      values (case when new.deleted_at is null then 'event.restored.v1' else 'event.deleted.v1' end, new.id, new.id, facts);
    end if;
    return null;
  end $$`;

const eventsNoted = `
  create trigger events_noted after update on events
  for each row when (new.published_at is not null) execute function note_event()`;

export const eventTrigger: readonly string[] = [instantText, eventFacts, noteEvent, eventsNoted];
