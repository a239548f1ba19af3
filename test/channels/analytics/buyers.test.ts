import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell, sold } from './support.ts';

const { hubs, organizer, admin, buyer, eventId, otherEventId } = await sell();
const hub = node(hubs);

test('who has spent most, on one’s own events only', async () => {
  const row = { userId: buyer.id, name: 'Test', email: `${buyer.id}@example.com`, currency: 'EUR', ...sold };
  expect((await call(hub, 'analytics:buyers', {}, organizer)).buyers).toEqual([row]);
  expect((await call(hub, 'analytics:buyers', { eventId, sort: 'seats' }, organizer)).buyers).toEqual([row]);
  const all = await call(hub, 'analytics:buyers', {}, admin);
  expect(all.buyers).toMatchObject([{ userId: buyer.id, bookings: 2, revenueCents: 7500 }]);
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:buyers',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:buyers', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:buyers', { eventId: otherEventId }, organizer, 'event-not-found');
});
