import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, heard } from '../support.ts';

const hubs = await startTestHubs(2);

test('[BOOK-4] a booking is told to every socket of its buyer, on every node, and to nobody else', async () => {
  const eventId = await hubs.event();
  const [user, other] = await hubs.users(2);
  const sockets = await Promise.all([0, 0, 1, 1].map((on) => hubs.connect(user, on)));
  const rivals = await Promise.all([0, 1].map((on) => hubs.connect(other, on)));
  const viewers = await Promise.all([0, 1].map((on) => hubs.connect(undefined, on)));
  await Promise.all([...rivals, ...viewers].map((client) => client.watching(eventId)));
  const [buyer] = sockets;
  const [rival] = rivals;
  if (!buyer || !rival) throw new Error('no socket');

  const told = Promise.all(sockets.map((socket) => socket.next('bookings:confirmed')));
  const booking = await book(buyer, eventId, [4]);
  for (const tell of await told) expect(tell).toEqual({ booking });

  // Their own booking comes later than anything they would have heard of the first.
  const theirs = Promise.all(rivals.map((client) => client.next('bookings:confirmed')));
  const own = await book(rival, eventId, [5]);
  await theirs;
  for (const client of rivals) expect(heard(client, 'bookings:confirmed')).toEqual([{ booking: own }]);
  for (const client of viewers) expect(heard(client, 'bookings:confirmed')).toEqual([]);
  for (const client of sockets) expect(heard(client, 'bookings:confirmed')).toEqual([{ booking }]);
});

test('a confirm that is repeated is told once', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { holdId } = await book(near, eventId, [4]);
  await far.request('bookings:confirm', { eventId, holdId, requestId: requestId() });
  const second = far.next('bookings:confirmed', ({ booking }) => booking.holdId !== holdId);
  await book(near, eventId, [5]);
  await second;
  expect(heard(far, 'bookings:confirmed')).toHaveLength(2);
});
