import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell } from './support.ts';

const { hubs, organizer, eventId, otherEventId } = await sell();
const hub = node(hubs);

test('how full events are, those included in which nothing is sold', async () => {
  const empty = await hubs.event({ seats: 20 });
  const full = await call(hub, 'analytics:utilisation', {}, organizer);
  expect(full).toMatchObject({ events: 2, capacity: 60, soldSeats: 2, utilisation: 0.033333 });
  expect(full.list).toMatchObject([
    { eventId, soldSeats: 2, revenueCents: 5000, capacity: 40, utilisation: 0.05 },
    { eventId: empty, soldSeats: 0, revenueCents: 0, capacity: 20, utilisation: 0 },
  ]);
  const short = await call(hub, 'analytics:utilisation', { limit: 1 }, organizer);
  expect(short).toMatchObject({ events: 2, capacity: 60 });
  expect(short.list).toHaveLength(1);
  const one = await call(hub, 'analytics:utilisation', { eventId }, organizer);
  expect(one).toMatchObject({ events: 1, capacity: 40, soldSeats: 2 });
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:utilisation',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:utilisation', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:utilisation', { eventId: otherEventId }, organizer, 'event-not-found');
});
