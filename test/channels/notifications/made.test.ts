import { expect, test } from 'vitest';
import type { NotificationsMade } from '../../../src/contracts.gen.ts';
import { untilTold } from '../../alerts/support.ts';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, heard, node, organizerOf } from '../support.ts';
import { fullEvent, offered } from '../waitlist/support.ts';
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

test('[NOTE-1] what becomes of who waits is among them: an offer, that it ran out, that the list is closed', async () => {
  const event = await fullEvent(hubs, { rules: { offerMs: 1500 } });
  const { eventId } = event;
  const { user, client, entryId, offer } = await offered(hubs, event, 4);
  await until(() => heard(client, 'waitlist:offer-expired').length > 0, 'the offer to run out');
  // Shorter than an organizer may make it, and so than an answer may say.
  await hubs.sql(`update events set rules = rules || '{"offerMs": 60000}' where id = $1`, [eventId]);
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  await until(() => heard(client, 'waitlist:closed').length > 0, 'the end of the waitlist');
  const listed = async () => (await call(node(hubs, 1), 'notifications:list', {}, user)).notifications;
  await until(async () => (await listed())[0]?.kind === 'waitlist-closed', 'the last notification');
  // It waits on after the first offer, and may have had another one.
  const all = await listed();
  const { holdId, expiresAt } = offer;
  const ofOffer = all.filter(({ payload }) => payload.holdId === holdId);
  expect(ofOffer.map(({ kind }) => kind)).toEqual(['waitlist-offer-expired', 'waitlist-promoted']);
  const endsAt = new Date(expiresAt).toISOString();
  expect(ofOffer[1]).toMatchObject({
    eventId,
    payload: {
      entryId,
      seats: 1,
      until: endsAt,
      places: 'Main · row 1, seat 5',
      totalCents: 2500,
      currency: 'EUR',
    },
  });
  expect(all[0]).toMatchObject({ eventId, payload: { entryId } });
  const told = (heard(client, 'notifications:made') as NotificationsMade[]).map(
    ({ notification }) => notification.id,
  );
  expect(told.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
});
