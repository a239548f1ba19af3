/** Alerts while nodes die and Redis loses what it knows. */
import type { ChildProcess } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { nodeEnvironment } from '../../loadtest/shared/node-environment.ts';
import { nextMessage, startProcess } from '../../loadtest/shared/processes.ts';
import type { AlertsStartingSoon } from '../../src/contracts.gen.ts';
import {
  alertsOf,
  eventDueIn,
  found,
  holderOf,
  overdue,
  setLeads,
  untilStates,
  untilTold,
} from '../alerts/support.ts';
import { type TestClient, until } from '../support/client.ts';
import { startTestHubs, type TestHubs, testKeys } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

/** How many events are to start, and within how many seconds they are due; `.ci/run` makes it 10,000 in a minute. */
const eventCount = Number(process.env.ALERT_EVENTS ?? 2000);
const withinS = eventCount / 167;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A node in a process of its own, over the services of `hubs`, that can be killed. */
async function startChild(hubs: TestHubs, faults = 'none'): Promise<{ child: ChildProcess; url: string }> {
  const { databaseUrl, redisUrl, config } = hubs;
  const child = startProcess(new URL('../../src/main.ts', import.meta.url), {
    env: {
      ...nodeEnvironment({ databaseUrl, redisUrl, jwtKeys: testKeys }),
      REDIS_PREFIX: config.redisPrefix,
      LOG_LEVEL: 'error',
      SEATCAST_NODE: 'child',
      SEATCAST_FAULTS: faults,
    },
  });
  children.push(child);
  const port = Number(await nextMessage(child));
  return { child, url: `http://127.0.0.1:${port}` };
}

const ended = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));

const kindOf = ({ leadMinutes, startsAt, eventId, to }: AlertsStartingSoon) =>
  `${eventId} ${leadMinutes} ${startsAt} ${to}`;

test('[ALERT-7] Redis loses everything it knew: the sweep sends what is due, once', async () => {
  const redis = await ownRedis();
  const hubs = await startTestHubs(2, {}, { redisUrl: redis.url });
  const eventId = await eventDueIn(hubs, 6000);
  const holder = await holderOf(hubs, eventId);
  const watcher = await hubs.connect(undefined, 1);
  await watcher.watching(eventId);
  await until(
    async () =>
      (await hubs.sql('select from alerts where event_id = $1 and is_timed', [eventId])).length === 1,
    'a job for it',
  );
  await redis.kill();
  redis.wipe();
  await redis.start();
  await until(() => hubs.nodes.every((hub) => hub.links.available), 'both nodes to have Redis back');
  await untilStates(hubs, eventId, [[1, 'sent']]);
  await untilTold(hubs);
  expect(await found(hubs, holder.id)).toHaveLength(1);
  await until(() => alertsOf(holder.client).length > 0, 'the holder to be told');
  expect(alertsOf(holder.client)).toHaveLength(1);
});

test('[ALERT-7] no node lived when an alert was due: the next one sends it', async () => {
  const hubs = await startTestHubs(1);
  const eventId = await hubs.event({ startsInMs: 30 * 60_000 });
  await setLeads(hubs, eventId, [20]);
  const holder = await holderOf(hubs, eventId, { leads: [20] });
  holder.client.close();
  await untilTold(hubs);
  await hubs.nodes[0]?.stop();
  await overdue(hubs, eventId, 20, 0);
  await hubs.addNode();
  const client = await hubs.connect(holder, 1);
  await untilStates(hubs, eventId, [[20, 'sent']]);
  await untilTold(hubs);
  expect(await found(hubs, holder.id)).toHaveLength(1);
  // It may have been told before anybody was there to hear it: the list has it.
  const { notifications } = await client.request('notifications:list', { unread: true });
  expect(notifications.filter(({ kind }) => kind === 'starting-soon')).toHaveLength(1);
});

test('[ALERT-7] a node is killed between claiming an alert and telling it: another tells it', async () => {
  const hubs = await startTestHubs(1);
  const eventId = await eventDueIn(hubs, 6000, 10);
  const holder = await holderOf(hubs, eventId, { leads: [10] });
  const watcher = await hubs.connect();
  await watcher.watching(eventId);
  await untilTold(hubs);
  // The one that lives leaves the claim to the one that dies over it.
  await hubs.nodes[0]?.engine.alerts.stop();
  await hubs.nodes[0]?.engine.jobs.stop();
  const { child } = await startChild(hubs, 'alerts.claimed=kill');
  expect(await ended(child)).toBe('SIGKILL');
  await untilStates(hubs, eventId, [[10, 'sent']]);
  expect(alertsOf(holder.client)).toEqual([]);
  await untilTold(hubs);
  await until(() => alertsOf(watcher).length > 0 && alertsOf(holder.client).length > 0, 'both to be told');
  expect(alertsOf(watcher)).toHaveLength(1);
  expect(alertsOf(holder.client)).toHaveLength(1);
  expect(await found(hubs, holder.id)).toHaveLength(1);
});

test(`[ALERT-7] ${eventCount} events, three alerts each within ${withinS.toFixed()} s, half of them moved, a node killed half-way: each is sent once`, async () => {
  const hubs = await startTestHubs(1);
  const { child } = await startChild(hubs);
  const readers = await hubs.users(50);
  const clients = await Promise.all(readers.map((user) => hubs.connect(user)));
  const template = await hubs.event({ startsInMs: 30 * 60_000 });
  await setLeads(hubs, template, []);
  const leads = [9, 6, 3];
  await hubs.sql('update users set alerts = jsonb_set(alerts, $2, $3) where id = any ($1)', [
    readers.map(({ id }) => id),
    '{leadMinutes}',
    JSON.stringify(leads),
  ]);
  // Everybody has a ticket for every fiftieth event.
  const events = await hubs.sql<{ id: string }>(
    `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, tags, sell_mode, alert_leads, created_at, updated_at)
     select new_id(), organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, 'draft',
       published_at, currency, prices, rules, seat_count, tags, sell_mode, $2::jsonb, created_at, updated_at
     from events, generate_series(1, $3::integer) where id = $1 returning id`,
    [template, JSON.stringify(leads), eventCount],
  );
  const ids = events.map(({ id }) => id);
  await hubs.sql(
    `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
     select new_id(), event_id, ($2::uuid[])[1 + place % 50], 'hold ' || place, 'confirmed', 0, 'EUR', now() - interval '1 hour'
     from unnest($1::uuid[]) with ordinality as each (event_id, place)`,
    [ids, readers.map(({ id }) => id)],
  );
  // They start so that the alerts of all leads are due in the next moments, as if they had been planned for long.
  const spread = `update alerts set is_timed = false,
    due_at = now() + interval '2 seconds' + random() * $2::float8 * interval '1 second'
    where event_id = any ($1) and state = 'waiting'`;
  await hubs.sql("update events set status = 'published' where id = any ($1)", [ids]);
  await hubs.sql(spread, [ids, withinS]);
  const began = performance.now();
  const moved = ids.filter((_, i) => i % 2 === 0);
  const batch = Math.ceil(moved.length / 20);
  for (let first = 0; first < moved.length; first += batch) {
    const some = moved.slice(first, first + batch);
    await hubs.sql(
      `update events set starts_at = starts_at + interval '5 minutes', ends_at = ends_at + interval '5 minutes'
       where id = any ($1)`,
      [some],
    );
    const leftS = Math.max(1, withinS - (performance.now() - began) / 1000);
    await hubs.sql(spread, [some, leftS]);
    if (first < moved.length / 2 && first + batch >= moved.length / 2) child.kill('SIGKILL');
  }
  await until(
    async () => (await hubs.sql("select from alerts where state = 'waiting' limit 1")).length === 0,
    'every alert to be sent',
    300_000,
  );
  await until(
    async () => (await hubs.sql('select from outbox where sent_at is null limit 1')).length === 0,
    'everybody to be told',
    300_000,
  );

  // In the record: each alert that was sent has one notification of its holder, and no other there is.
  const [counted] = await hubs.sql<Record<string, number>>(
    `select
       (select count(*) from alerts join events on id = event_id and events.starts_at = alerts.starts_at
        where state = 'sent')::integer as current,
       (select count(*) from alerts where state in ('sent', 'missed'))::integer as sent,
       (select count(*) from notifications where kind = 'starting-soon')::integer as made,
       (select count(*) from alerts join bookings using (event_id) join notifications as n on n.user_id = bookings.user_id
        and n.key = 'starting-soon:' || alerts.event_id || ':' || lead_minutes || ':' || wire_instant(starts_at)
        where state in ('sent', 'missed'))::integer as matched`,
  );
  expect(counted?.current).toBe(3 * eventCount);
  expect(counted?.made).toBe(counted?.sent);
  expect(counted?.matched).toBe(counted?.sent);

  // On the sockets: each notification was told to its reader; a client drops what a dead node told already.
  const made = await hubs.sql<{ user_id: string; event_id: string; lead: number; starts_at: string }>(
    `select user_id, event_id, (payload ->> 'leadMinutes')::integer as lead, payload ->> 'startsAt' as starts_at
     from notifications where kind = 'starting-soon'`,
  );
  for (const [i, reader] of readers.entries()) {
    const expected = made
      .filter(({ user_id }) => user_id === reader.id)
      .map(({ event_id, lead, starts_at }) => `${event_id} ${lead} ${starts_at} holder`);
    const client = clients[i] as TestClient;
    await until(() => alertsOf(client).length >= expected.length, 'a reader to be told of everything');
    expect(alertsOf(client).map(kindOf).toSorted()).toEqual(expected.toSorted());
  }
  const [late] = await hubs.sql<Record<string, number>>(
    `select percentile_cont(array[0.5, 0.99, 1]) within group (
       order by extract(epoch from n.created_at - a.due_at)::float8 * 1000) as ms, count(*)::integer as of
     from notifications as n join alerts as a on n.event_id = a.event_id
       and n.key = 'starting-soon:' || a.event_id || ':' || lead_minutes || ':' || wire_instant(a.starts_at)`,
  );
  console.log(`${eventCount} events: ms late, half of the time, 99 % and at worst: ${JSON.stringify(late)}`);
}, 900_000);
