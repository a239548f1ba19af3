import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };
const make = () => call(hub, 'venues:create', input, organizer.user);

test('a venue is for everyone, also after it was deleted', async () => {
  const { id: venueId } = await make();
  const deleted = await call(hub, 'venues:delete', { venueId }, organizer.user);
  expect(deleted.deletedAt).not.toBeNull();
  expect(await call(node(hubs, 1), 'venues:read', { venueId })).toEqual(deleted);
});

test('venue-not-found: no such venue', async () => {
  await expectRefused(hub, 'venues:read', { venueId: nobody }, undefined, 'venue-not-found');
});
