import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('a published event is for everyone, over HTTP and over sockets, on any node', async () => {
  const eventId = await hubs.event();
  const event = await call(node(hubs), 'events:read', { eventId });
  expect(event).toMatchObject({ id: eventId, status: 'published', seatCount: 40 });
  const client = await hubs.connect(undefined, 1);
  expect(await client.request('events:read', { eventId })).toEqual(event);
});

test('[EVENT-1] a draft is seen by its organizer and admins only', async () => {
  const eventId = await hubs.event({ publish: false });
  for (const user of [await organizerOf(hubs, eventId), await hubs.user('admin')]) {
    expect(await call(node(hubs), 'events:read', { eventId }, user)).toMatchObject({ status: 'draft' });
    expect(await (await hubs.connect(user, 1)).request('events:read', { eventId })).toMatchObject({
      id: eventId,
    });
  }
  for (const role of ['user', 'organizer', 'kiosk'] as const) {
    await expectRefused(node(hubs), 'events:read', { eventId }, await hubs.user(role), 'event-not-found');
  }
  await expectRefused(node(hubs), 'events:read', { eventId }, undefined, 'event-not-found');
});

test('event-not-found: no such event', async () => {
  await expectRefused(node(hubs), 'events:read', { eventId: nobody }, undefined, 'event-not-found');
});

test('[EVENT-1] a draft that is cancelled stays with its organizer', async () => {
  const eventId = await hubs.event({ publish: false });
  await hubs.sql("update events set status = 'cancelled' where id = $1", [eventId]);
  const anybody = await hubs.connect();
  await anybody.expectDenied('events:read', { eventId }, 'event-not-found');
  await anybody.expectDenied('seats:watch', { eventId }, 'event-not-found');
  const { events } = await anybody.request('events:list', { status: 'cancelled' });
  expect(events.map(({ id }) => id)).not.toContain(eventId);
});
