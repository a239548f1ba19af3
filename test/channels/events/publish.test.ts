import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectOnce, expectRefused, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('a published event can be watched and held, also on a node that knew it as a draft', async () => {
  const eventId = await hubs.event({ publish: false });
  const clients = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user(), 1)];
  for (const client of clients) await client.expectDenied('seats:watch', { eventId }, 'event-not-found');
  const event = await call(node(hubs), 'events:publish', { eventId }, await organizerOf(hubs, eventId));
  expect(event).toMatchObject({ id: eventId, status: 'published' });
  for (const [seat, client] of clients.entries()) {
    await until(
      () =>
        client.request('seats:watch', { eventId }).then(
          () => true,
          () => false,
        ),
      'the node to know that it is published',
    );
    await client.request('seats:hold', { eventId, seats: [seat], requestId: requestId() });
  }
});

test('publishing again changes nothing', async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  const first = await call(node(hubs), 'events:publish', { eventId }, organizer);
  expect(await call(node(hubs, 1), 'events:publish', { eventId }, organizer)).toEqual(first);
});

test('an admin publishes the event of any organizer', async () => {
  const eventId = await hubs.event({ publish: false });
  const event = await call(node(hubs), 'events:publish', { eventId }, await hubs.user('admin'));
  expect(event.status).toBe('published');
});

test("event-not-found: there is none, or it is somebody else's", async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  await expectRefused(node(hubs), 'events:publish', { eventId: nobody }, organizer, 'event-not-found');
  const other = await hubs.user('organizer');
  await expectRefused(node(hubs), 'events:publish', { eventId }, other, 'event-not-found');
  const published = await hubs.event();
  await expectRefused(node(hubs), 'events:publish', { eventId: published }, other, 'event-not-found');
});

test('event-cancelled: a cancelled event stays cancelled', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  await call(node(hubs), 'events:cancel', { eventId }, organizer);
  await expectRefused(node(hubs), 'events:publish', { eventId }, organizer, 'event-cancelled');
});

test('event-started: too late', async () => {
  const eventId = await hubs.event({ publish: false, startsInMs: -1000 });
  const organizer = await organizerOf(hubs, eventId);
  await expectRefused(node(hubs), 'events:publish', { eventId }, organizer, 'event-started');
});

test("[REQ-2] 'request-id-reused': published once under one key", async () => {
  const [eventId, other] = [await hubs.event({ publish: false }), await hubs.event({ publish: false })];
  await expectOnce(
    hubs,
    'events:publish',
    [{ eventId }, { eventId: other }],
    await organizerOf(hubs, eventId),
  );
});

test('event-completed: what is over stays as it was', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const booking = await book(buyer, eventId, [1]);
  await hubs.sql("update events set status = 'completed' where id = $1", [eventId]);
  const organizer = await organizerOf(hubs, eventId);
  await expectRefused(node(hubs), 'events:publish', { eventId }, organizer, 'event-completed');
  const { bookings } = await buyer.request('bookings:list', {});
  expect(bookings).toMatchObject([{ id: booking.id, status: 'confirmed' }]);
});

test('series-needed: nothing follows an event of no series', async () => {
  const eventId = await hubs.event();
  const request = { eventId, scope: 'following' };
  await expectRefused(
    node(hubs),
    'events:publish',
    request,
    await organizerOf(hubs, eventId),
    'series-needed',
  );
});

test('[VENUE-2] venue-not-found: nothing is published at a venue that was deleted', async () => {
  const { draft, user } = await organizerIn(hubs);
  const place = { name: 'Hall', address, timeZone: 'UTC' };
  const { id: venueId } = await call(node(hubs), 'venues:create', place, await hubs.user('organizer'));
  const { id: eventId } = await draft({ venueId });
  await call(node(hubs), 'venues:delete', { venueId }, await hubs.user('admin'));
  await expectRefused(node(hubs), 'events:publish', { eventId }, user, 'venue-not-found');
});
