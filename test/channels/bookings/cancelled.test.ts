import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, heard, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('a cancellation is told to every socket of the buyer, on every node, and to nobody else', async () => {
  const eventId = await hubs.event();
  const [user, other] = await hubs.users(2);
  const sockets = await Promise.all([0, 1, 1].map((on) => hubs.connect(user, on)));
  const rival = await hubs.connect(other, 1);
  const organizer = await hubs.connect(await organizerOf(hubs, eventId));
  const [buyer] = sockets;
  if (!buyer) throw new Error('no socket');
  const { id: bookingId } = await book(buyer, eventId, [4]);
  const { id: theirs } = await book(rival, eventId, [5]);

  const told = Promise.all(sockets.map((socket) => socket.next('bookings:cancelled')));
  const { booking } = await organizer.request('bookings:cancel', { bookingId, requestId: requestId() });
  for (const tell of await told) expect(tell).toEqual({ booking });

  const own = rival.next('bookings:cancelled');
  await rival.request('bookings:cancel', { bookingId: theirs, requestId: requestId() });
  expect((await own).booking.id).toBe(theirs);
  expect(heard(rival, 'bookings:cancelled')).toHaveLength(1);
  expect(heard(organizer, 'bookings:cancelled')).toEqual([]);
});
