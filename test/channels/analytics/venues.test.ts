import { expect, test } from 'vitest';
import { call, expectRefused, node } from '../support.ts';
import { sell, sold } from './support.ts';

const { hubs, organizer, admin, eventId } = await sell();
const hub = node(hubs);

test('sales by venue', async () => {
  await hubs.sql("update events set venue = 'Old hall' where id = $1", [eventId]);
  expect((await call(hub, 'analytics:venues', {}, organizer)).venues).toEqual([
    { venue: 'Old hall', currency: 'EUR', events: 1, ...sold },
  ]);
  const all = await call(hub, 'analytics:venues', {}, admin);
  expect(all.venues.map(({ venue }) => venue)).toEqual(['Old hall', '']);
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:venues',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
});
