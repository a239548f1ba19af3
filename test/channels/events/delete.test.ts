import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const listed = async (request: object) =>
  (await call(hub, 'events:list', request, organizer.user)).events.map(({ id }) => id);

test('[EVENT-7] a deleted draft is gone for all but its organizer and admins, who find it among the deleted', async () => {
  const { id: eventId } = await organizer.draft();
  const deleted = await call(hub, 'events:delete', { eventId }, organizer.user);
  expect(deleted.deletedAt).not.toBeNull();
  expect(await listed({ mine: true })).not.toContain(eventId);
  expect(await listed({ mine: true, deleted: true })).toEqual([eventId]);
  expect(await call(node(hubs, 1), 'events:read', { eventId }, organizer.user)).toEqual(deleted);
  expect(await call(hub, 'events:delete', { eventId }, organizer.user)).toEqual(deleted);
  for (const message of ['events:update', 'events:publish', 'events:cancel'] as const) {
    const request = { eventId, ...(message === 'events:update' ? { title: 'x' } : {}) };
    await expectRefused(hub, message, request, organizer.user, 'event-not-found');
  }
});

test('[EVENT-7] event-published: what is on sale is not deleted, what was cancelled is, with its bookings kept', async () => {
  const { id: eventId } = await organizer.published();
  const buyer = await hubs.connect(await hubs.user(), 1);
  const booking = await book(buyer, eventId, [1]);
  await expectRefused(hub, 'events:delete', { eventId }, organizer.user, 'event-published');
  await call(hub, 'events:cancel', { eventId }, organizer.user);
  await call(hub, 'events:delete', { eventId }, organizer.user);
  await expectRefused(hub, 'events:read', { eventId }, undefined, 'event-not-found');
  await (await hubs.connect()).expectDenied('seats:watch', { eventId }, 'event-not-found');
  expect(await listed({ status: 'cancelled' })).not.toContain(eventId);
  const { bookings } = await buyer.request('bookings:list', {});
  expect(bookings).toMatchObject([{ id: booking.id, status: 'cancelled' }]);
});

test('[EVENT-7] a deleted event has no map, no calendar entry and no new files, also where it is watched', async () => {
  const { id: eventId } = await organizer.published();
  for (const index of [0, 1]) await (await hubs.connect(undefined, index)).watching(eventId);
  await call(hub, 'events:cancel', { eventId }, organizer.user);
  await call(hub, 'events:delete', { eventId }, organizer.user);
  await (await hubs.connect()).expectDenied('seats:watch', { eventId }, 'event-not-found');
  const late = await hubs.connect(undefined, 1);
  const isRefused = () =>
    late.request('seats:watch', { eventId }).then(
      () => false,
      () => true,
    );
  await until(isRefused, 'the other node to know', 30_000);
  await expectRefused(hub, 'calendar:event', { eventId }, undefined, 'event-not-found');
  const file = { eventId, name: 'dot.png' };
  await expectRefused(hub, 'attachments:add', file, organizer.user, 'event-not-found');
});

test("event-not-found: there is none, or it is somebody else's", async () => {
  const { id: eventId } = await organizer.draft();
  await expectRefused(hub, 'events:delete', { eventId: nobody }, organizer.user, 'event-not-found');
  const other = await hubs.user('organizer');
  await expectRefused(hub, 'events:delete', { eventId }, other, 'event-not-found');
  const deleted = await call(hub, 'events:delete', { eventId }, await hubs.user('admin'));
  expect(deleted.deletedAt).not.toBeNull();
});

test('series-needed: nothing follows an event of no series', async () => {
  const { id: eventId } = await organizer.draft();
  await expectRefused(hub, 'events:delete', { eventId, scope: 'following' }, organizer.user, 'series-needed');
});

test("[REQ-2] 'request-id-reused': deleted once under one key", async () => {
  const [eventId, other] = [(await organizer.draft()).id, (await organizer.draft()).id];
  await expectOnce(hubs, 'events:delete', [{ eventId }, { eventId: other }], organizer.user);
});
