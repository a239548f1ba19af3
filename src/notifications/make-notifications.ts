/**
 * The one way to make notifications, as functions of the database: whatever statement makes a change also makes what
 * people are told of it, in the same transaction.
 */

/** UUID version 7 (RFC 9562), as `src/ids.ts` makes them: ids sort by when they were made. */
const newId = `
  create function new_id() returns uuid language sql volatile parallel safe as $$
    select encode(
      set_bit(
        set_bit(
          overlay(
            uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6
          ),
          52, 1
        ),
        53, 1
      ),
      'hex'
    )::uuid
  $$`;

/** A moment as on the wire: RFC 3339, UTC, milliseconds. */
const wireInstant = `
  create function wire_instant(moment timestamptz) returns text language sql stable strict parallel safe as $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  $$`;

/**
 * `make_notifications(user ids, kinds, keys, event ids, payloads)`, an array each. What a user has under a key is not
 * made again. Returns what was made, each with the outbox row that tells it again if nobody has marked that one after
 * three seconds. In parts of 200, so that no row of the outbox grows without bounds:
 * - topic `notified`, {ids}: what else follows, such as e-mail;
 * - topic `notifications-made`, {ids}: telling sockets, for the node that made them and, if it died, for any other.
 *
 * Whoever calls it in a CTE must read what it returns, or PostgreSQL does not call it.
 */
const makeNotifications = `
  create function make_notifications(for_users uuid[], kinds text[], keys text[], events uuid[], payloads jsonb[])
  returns table (
    id uuid, user_id uuid, kind text, key text, event_id uuid, payload jsonb, created_at timestamptz, outbox_id bigint
  )
  language plpgsql volatile as $$
  #variable_conflict use_column
  begin
    -- Most statements that may have something to say have nothing.
    if for_users is null then return; end if;
    return query
    with made as (
      insert into notifications as n (id, user_id, kind, key, event_id, payload)
      select new_id(), each.user_id, each.kind, each.key, each.event_id, each.payload
      from unnest(for_users, kinds, keys, events, payloads) as each (user_id, kind, key, event_id, payload)
      -- In one order, so that two who make the same wait for each other and for nothing else.
      order by each.user_id, each.key
      on conflict on constraint notifications_once do nothing
      returning n.*
    ),
    parts as materialized (
      select made.*, (row_number() over (order by made.id) - 1) / 200 as part from made
    ),
    lists as materialized (
      select parts.part, jsonb_agg(parts.id order by parts.id) as ids from parts group by parts.part
    ),
    told as (
      insert into outbox as o (topic, key, payload, due_at)
      select follows.topic, follows.prefix || (lists.ids ->> 0), jsonb_build_object('ids', lists.ids),
        clock_timestamp() + follows.later
      from lists
      cross join (
        values ('notified', '', interval '0'), ('notifications-made', 'made-', interval '3 seconds')
      ) as follows (topic, prefix, later)
      order by lists.part, follows.topic
      returning o.id, o.key
    )
    select parts.id, parts.user_id, parts.kind, parts.key, parts.event_id, parts.payload, parts.created_at, told.id
    from parts
    join lists on lists.part = parts.part
    join told on told.key = 'made-' || (lists.ids ->> 0);
  end $$`;

export const notificationFunctions: readonly string[] = [newId, wireInstant, makeNotifications];
