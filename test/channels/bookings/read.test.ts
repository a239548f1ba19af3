import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('a booking is read by its buyer, the organizer of its event and admins, on any node', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const booking = await book(buyer, eventId, [4, 5]);
  for (const reader of [user, await organizerOf(hubs, eventId), await hubs.user('admin')]) {
    expect(await call(node(hubs, 1), 'bookings:read', { bookingId: booking.id }, reader)).toEqual({
      booking,
    });
  }
  expect(await buyer.request('bookings:read', { bookingId: booking.id })).toEqual({ booking });
});

test('booking-not-found: to everybody else it is as good as none', async () => {
  const booking = await book(await hubs.connect(await hubs.user()), await hubs.event(), [4]);
  for (const role of ['user', 'organizer'] as const) {
    const reader = await hubs.user(role);
    const theirs = await expectRefused(
      node(hubs),
      'bookings:read',
      { bookingId: booking.id },
      reader,
      'booking-not-found',
    );
    const none = await expectRefused(
      node(hubs),
      'bookings:read',
      { bookingId: nobody },
      reader,
      'booking-not-found',
    );
    expect(theirs).toEqual(none);
  }
});
