import pg from 'pg';
import { expect, test } from 'vitest';
import { call, node } from '../channels/support.ts';
import { Completions } from '../../src/events/completions.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { organizerIn } from './support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const statusOf = async (eventId: string) => (await call(hub, 'events:read', { eventId })).status;
const end = (eventId: string) =>
  hubs.sql(
    "update events set starts_at = now() - interval '3 hours', ends_at = now() - interval '1 second' where id = $1",
    [eventId],
  );
const notesOf = (eventId: string) =>
  hubs.sql("select id from audit where event_id = $1 and action = 'event-completed'", [eventId]);

test('[EVENT-6] an event is completed by itself after its end, and everybody still finds it', async () => {
  const { id: eventId } = await organizer.published();
  const running = await organizer.published();
  const draft = await organizer.draft();
  await end(eventId);
  await end(draft.id);
  await until(async () => (await statusOf(eventId)) === 'completed', 'the event to be completed');
  expect(await statusOf(running.id)).toBe('published');
  expect(await notesOf(eventId)).toHaveLength(1);
  const { events } = await call(hub, 'events:list', { status: 'completed' });
  expect(events.map(({ id }) => id)).toEqual([eventId]);
  const drafts = await call(hub, 'events:list', { mine: true, status: 'draft' }, organizer.user);
  expect(drafts.events.map(({ id }) => id)).toEqual([draft.id]);
  await call(hub, 'events:delete', { eventId }, organizer.user);
});

test('[EVENT-6] however many nodes look at once, each event is completed once', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push((await organizer.published()).id);
  for (const id of ids) await end(id);
  const told: string[] = [];
  const nodes = hubs.nodes.map(
    ({ engine: { db, log } }) => new Completions({ db, log, completed: (eventId) => told.push(eventId) }),
  );
  await Promise.all(nodes.map((each) => each.round()));
  // The nodes of this test have a look now and then as well.
  await until(
    async () => (await Promise.all(ids.map(statusOf))).every((each) => each === 'completed'),
    'all of them',
  );
  for (const id of ids) expect(await notesOf(id)).toHaveLength(1);
  expect(new Set(told).size).toBe(told.length);
});

test('[EVENT-6] one that somebody is changing is left to them, and does not keep the others', async () => {
  const [busy, free] = [await organizer.published(), await organizer.published()];
  await end(free.id);
  const holder = new pg.Client({ connectionString: hubs.databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query("update events set starts_at = now() - interval '1 day' where id = $1", [busy.id]);
  await holder.query("update events set ends_at = now() - interval '1 hour' where id = $1", [busy.id]);
  await until(async () => (await statusOf(free.id)) === 'completed', 'the one that is free');
  expect(await statusOf(busy.id)).toBe('published');
  await holder.query('commit');
  await holder.end();
  await until(async () => (await statusOf(busy.id)) === 'completed', 'the other one');
});
