import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };
const make = () => call(hub, 'venues:create', input, organizer.user);

test('[VENUE-2] venue-in-use: not while something is to happen there, afterwards nothing new can', async () => {
  const { id: venueId } = await make();
  const { id: eventId } = await organizer.published({ venueId });
  const details = await expectRefused(hub, 'venues:delete', { venueId }, organizer.user, 'venue-in-use');
  expect(details).toEqual({ events: 1 });
  await call(hub, 'events:cancel', { eventId }, organizer.user);
  const venue = await call(hub, 'venues:delete', { venueId }, organizer.user);
  expect(venue.deletedAt).not.toBeNull();
  expect(await call(hub, 'venues:delete', { venueId }, organizer.user)).toEqual(venue);
  const request = organizer.input({ venueId });
  await expectRefused(hub, 'events:create', request, organizer.user, 'venue-not-found');
  expect(await call(node(hubs, 1), 'events:read', { eventId })).toMatchObject({ venueId });
});

test("venue-not-found: there is none, or it is somebody else's", async () => {
  const { id: venueId } = await make();
  await expectRefused(hub, 'venues:delete', { venueId: nobody }, organizer.user, 'venue-not-found');
  const other = await hubs.user('organizer');
  await expectRefused(hub, 'venues:delete', { venueId }, other, 'venue-not-found');
});

test("[REQ-2] 'request-id-reused': deleted once under one key", async () => {
  const [venueId, other] = [(await make()).id, (await make()).id];
  await expectOnce(hubs, 'venues:delete', [{ venueId }, { venueId: other }], organizer.user);
});
