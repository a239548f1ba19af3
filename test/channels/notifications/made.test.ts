import { expect, test } from 'vitest';
import type { NotificationsMade } from '../../../src/contracts.gen.ts';
import { untilTold } from '../../alerts/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, heard } from '../support.ts';
import { untilListed } from './support.ts';

const hubs = await startTestHubs(2);

test('[NOTE-1] every socket of its reader hears it once, on every node, as it is listed, and nobody else does', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const sockets = [await hubs.connect(user), await hubs.connect(user), await hubs.connect(user, 1)];
  const other = await hubs.connect(await hubs.user(), 1);
  await book(sockets[0] as (typeof sockets)[0], eventId, [5]);
  const listed = await untilListed(hubs, user, 1);
  await untilTold(hubs);
  for (const socket of sockets) {
    await expect.poll(() => heard(socket, 'notifications:made').length).toBe(1);
    expect((heard(socket, 'notifications:made')[0] as NotificationsMade).notification).toEqual(listed[0]);
  }
  expect(heard(other, 'notifications:made')).toEqual([]);
});

test('[NOTE-1] what a node made and had no time to tell another tells', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user, 1);
  const told = client.next('notifications:made');
  // As a statement of a node leaves it that dies right after.
  await hubs.sql(
    `select from make_notifications(array[$1::uuid], array['event-cancelled'], array['some key'], array[$2::uuid],
       array['{"title": "An evening", "startsAt": "2030-01-01T10:00:00.000Z"}'::jsonb])`,
    [user.id, eventId],
  );
  const { notification } = await told;
  expect(notification).toMatchObject({ kind: 'event-cancelled', eventId, payload: { title: 'An evening' } });
  expect(await untilListed(hubs, user, 1)).toEqual([notification]);
});

test('[NOTE-1] under one key a user has one notification, however many make it at once', async () => {
  const users = await hubs.users(30);
  const ids = users.map(({ id }) => id);
  const make = () =>
    hubs.sql<{ id: string; user_id: string }>(
      `select id, user_id from make_notifications($1::uuid[], array_fill('waitlist-closed'::text, array[30]),
         array_fill('the same key'::text, array[30]), array_fill(null::uuid, array[30]), array_fill('{}'::jsonb, array[30]))`,
      [ids],
    );
  const made = (await Promise.all(Array.from({ length: 4 }, make))).flat();
  expect(made.map(({ user_id }) => user_id).toSorted()).toEqual(ids.toSorted());
  const told = await hubs.sql<{ ids: string[] }>(
    "select payload -> 'ids' as ids from outbox where topic = 'notified' and payload -> 'ids' ?| $1",
    [made.map(({ id }) => id)],
  );
  expect(told.flatMap((row) => row.ids).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
});
