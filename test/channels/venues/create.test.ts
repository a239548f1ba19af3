import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };

test('a venue is made by an organizer and read by everybody', async () => {
  const venue = await call(hub, 'venues:create', input, organizer.user);
  expect(venue).toMatchObject({
    organizerId: organizer.user.id,
    name: 'Concert hall',
    address,
    timeZone: 'Europe/Brussels',
    deletedAt: null,
  });
  expect(await call(node(hubs, 1), 'venues:read', { venueId: venue.id })).toEqual(venue);
});

test('time-zone-unknown: only names that know of daylight saving', async () => {
  const request = { ...input, timeZone: '+01:00' };
  const details = await expectRefused(hub, 'venues:create', request, organizer.user, 'time-zone-unknown');
  expect(details).toEqual({ field: 'timeZone', found: '+01:00' });
});

test('[GUARD-1] an address names its country, and text is text', async () => {
  const refuse = (part: object) =>
    expectRefused(
      hub,
      'venues:create',
      { ...input, address: { ...address, ...part } },
      organizer.user,
      'invalid-request',
    );
  expect(await refuse({ country: 'Belgium' })).toMatchObject({ field: 'address.country' });
  expect(await refuse({ city: 'a\u0000' })).toMatchObject({ field: 'address.city' });
  expect(await refuse({ city: 'a\ud800' })).toMatchObject({ field: 'address.city' });
});

test("[REQ-2] 'request-id-reused': made once under one key", async () => {
  const requests: [typeof input, typeof input] = [
    { ...input, name: 'Once' },
    { ...input, name: 'Twice' },
  ];
  await expectOnce(hubs, 'venues:create', requests, organizer.user);
  expect(await hubs.sql("select id from venues where name in ('Once', 'Twice')")).toHaveLength(1);
});
