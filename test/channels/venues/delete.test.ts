import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs, testPlan } from '../../support/hub.ts';
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

test("[VENUE-2] somebody else's draft keeps no venue, and is not published where there is none any more", async () => {
  const { id: venueId } = await make();
  const other = await organizerIn(hubs);
  const { id: eventId } = await other.draft({ venueId });
  const { id: own } = await organizer.draft({ venueId });
  const details = await expectRefused(hub, 'venues:delete', { venueId }, organizer.user, 'venue-in-use');
  expect(details).toEqual({ events: 1 });
  await call(hub, 'events:delete', { eventId: own }, organizer.user);
  await call(hub, 'venues:delete', { venueId }, organizer.user);
  await expectRefused(hub, 'events:publish', { eventId }, other.user, 'venue-not-found');
  await call(hub, 'events:restore', { eventId: own }, organizer.user);
  await expectRefused(hub, 'events:publish', { eventId: own }, organizer.user, 'venue-not-found');
  await call(hub, 'events:update', { eventId: own, venueId: null }, organizer.user);
  await call(hub, 'events:publish', { eventId: own }, organizer.user);
});

test('[VENUE-2] venue-not-found: a plan of a deleted venue brings no event there', async () => {
  const { id: venueId } = await make();
  const imported = { venueId, plan: testPlan(20) };
  const { id: planId } = await call(hub, 'venues:import-plan', imported, organizer.user);
  await call(hub, 'venues:delete', { venueId }, organizer.user);
  const { id: eventId } = await organizer.draft();
  await expectRefused(hub, 'events:update', { eventId, planId }, organizer.user, 'venue-not-found');
  const series = { ...organizer.input(), rule: 'FREQ=DAILY;COUNT=2' };
  const { events } = await call(hub, 'events:create-series', series, organizer.user);
  const changes = { eventId: events[0]?.id ?? '', planId, scope: 'following' };
  await expectRefused(hub, 'events:update', changes, organizer.user, 'venue-not-found');
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
