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
  create function make_notifications(users uuid[], kinds text[], keys text[], events uuid[], payloads jsonb[])
  returns table (
    id uuid, user_id uuid, kind text, key text, event_id uuid, payload jsonb, created_at timestamptz, outbox_id bigint
  )
  language sql volatile as $$
    with made as (
      insert into notifications as n (id, user_id, kind, key, event_id, payload)
      select new_id(), each.user_id, each.kind, each.key, each.event_id, each.payload
      from unnest(users, kinds, keys, events, payloads) as each (user_id, kind, key, event_id, payload)
      -- In one order, so that two who make the same wait for each other and for nothing else.
      order by each.user_id, each.key
      on conflict on constraint notifications_once do nothing
      returning n.*
    ),
    parts as materialized (
      select made.*, (row_number() over (order by made.id) - 1) / 200 as part from made
    ),
    lists as materialized (
      select part, jsonb_agg(parts.id order by parts.id) as ids from parts group by part
    ),
    told as (
      insert into outbox (topic, key, payload, due_at)
      select topic, prefix || (ids ->> 0), jsonb_build_object('ids', ids), clock_timestamp() + after
      from lists
      cross join (
        values ('notified', '', interval '0'), ('notifications-made', 'made-', interval '3 seconds')
      ) as follows (topic, prefix, after)
      order by part, topic
      returning outbox.id, outbox.key
    )
    select parts.id, parts.user_id, parts.kind, parts.key, parts.event_id, parts.payload, parts.created_at, told.id
    from parts
    join lists using (part)
    join told on told.key = 'made-' || (lists.ids ->> 0)
  $$`;

export const notificationFunctions: readonly string[] = [newId, makeNotifications];
