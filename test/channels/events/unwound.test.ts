import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, heard, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('whoever cancels an event hears how far its bookings are, on every node; nobody else does', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, eventId, [1]);
  await book(buyer, eventId, [2]);
  const user = await organizerOf(hubs, eventId);
  const organizer = await hubs.connect(user, 1);
  const told = organizer.next('events:unwound', ({ done }) => done === 2);
  await call(node(hubs), 'events:cancel', { eventId }, user);
  expect(await told).toEqual({ eventId, done: 2, total: 2 });
  await buyer.request('bookings:list', {});
  expect(heard(buyer, 'events:unwound')).toEqual([]);
});
