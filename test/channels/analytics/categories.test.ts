import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell, sold } from './support.ts';

const { hubs, organizer, admin, eventId, otherEventId } = await sell();
const hub = node(hubs);

test('revenue by category of seat', async () => {
  const { bookings: _b, cancelledBookings: _c, ...seats } = sold;
  const row = { category: 'Stalls', currency: 'EUR', events: 1, ...seats };
  expect((await call(hub, 'analytics:categories', {}, organizer)).categories).toEqual([row]);
  expect((await call(hub, 'analytics:categories', { eventId }, organizer)).categories).toEqual([row]);
  expect((await call(hub, 'analytics:categories', {}, admin)).categories).toMatchObject([
    { events: 2, seats: 4 },
  ]);
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:categories',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:categories', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:categories', { eventId: otherEventId }, organizer, 'event-not-found');
});
