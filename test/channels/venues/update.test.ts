import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };
const make = () => call(hub, 'venues:create', input, organizer.user);

test('what is left out stays, what is named changes', async () => {
  const before = await make();
  const request = { venueId: before.id, address: { ...address, city: 'Antwerp' } };
  const venue = await call(hub, 'venues:update', request, organizer.user);
  expect(venue).toEqual({ ...before, address: request.address, updatedAt: venue.updatedAt });
  expect(await call(node(hubs, 1), 'venues:read', { venueId: before.id })).toEqual(venue);
});

test("[VENUE-2] venue-not-found: there is none, it is somebody else's, or it was deleted", async () => {
  const { id: venueId } = await make();
  const refuse = (request: object, user = organizer.user) =>
    expectRefused(hub, 'venues:update', { name: 'Mine', ...request }, user, 'venue-not-found');
  await refuse({ venueId: nobody });
  await refuse({ venueId }, await hubs.user('organizer'));
  await call(hub, 'venues:update', { venueId, name: 'By an admin' }, await hubs.user('admin'));
  await call(hub, 'venues:delete', { venueId }, organizer.user);
  await refuse({ venueId });
});

test('time-zone-unknown: it stays where it was', async () => {
  const { id: venueId } = await make();
  const request = { venueId, timeZone: 'Mars/Olympus' };
  await expectRefused(hub, 'venues:update', request, organizer.user, 'time-zone-unknown');
  expect(await call(hub, 'venues:read', { venueId })).toMatchObject({ timeZone: 'Europe/Brussels' });
});

test("[REQ-2] 'request-id-reused': changed once under one key", async () => {
  const { id: venueId } = await make();
  const requests = [
    { venueId, name: 'Once' },
    { venueId, name: 'Twice' },
  ] as const;
  const venue = await expectOnce(hubs, 'venues:update', [...requests], organizer.user);
  expect(venue.name).toBe('Once');
});
