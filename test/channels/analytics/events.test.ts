import { expect, test } from 'vitest';
import { call, expectRefused, node } from '../support.ts';
import { sell, sold } from './support.ts';

const { hubs, organizer, admin, eventId, otherEventId } = await sell();
const hub = node(hubs);

test('the events that sold most, with how full they are', async () => {
  const own = await call(hub, 'analytics:events', {}, organizer);
  expect(own.events).toEqual([
    {
      ...sold,
      eventId,
      title: 'Test event',
      venue: '',
      startsAt: expect.any(String),
      status: 'published',
      currency: 'EUR',
      capacity: 40,
      soldSeats: 2,
      utilisation: 0.05,
    },
  ]);
  const all = await call(hub, 'analytics:events', { sort: 'revenue' }, admin);
  expect(all.events.map((row) => row.eventId)).toEqual([eventId, otherEventId]);
  const most = await call(hub, 'analytics:events', { sort: 'cancellations', limit: 1 }, admin);
  expect(most.events.map((row) => row.eventId)).toEqual([eventId]);
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:events',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
});
