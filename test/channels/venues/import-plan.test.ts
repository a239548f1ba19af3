import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const input = { name: ' Concert hall ', address, timeZone: 'Europe/Brussels' };
const make = () => call(hub, 'venues:create', input, organizer.user);

const importInto = (venueId: string, seats = 20, name = 'Great hall') =>
  call(hub, 'venues:import-plan', { venueId, plan: { ...testPlan(seats), name } }, organizer.user);

test('[VENUE-1] a plan of a known name is its next version, and events keep the one they were made with', async () => {
  const { id: venueId } = await make();
  const first = await importInto(venueId);
  expect(first).toMatchObject({ venueId, version: 1, name: 'Great hall' });
  const event = await organizer.published({ planId: first.id });
  const second = await importInto(venueId, 40);
  const small = await importInto(venueId, 20, 'Studio');
  expect([second.version, small.version]).toEqual([2, 1]);
  const elsewhere = await importInto((await make()).id);
  expect(elsewhere.version).toBe(1);
  expect(await call(node(hubs, 1), 'events:read', { eventId: event.id })).toMatchObject({
    planId: first.id,
    seatCount: 20,
  });
  const { plans } = await call(hub, 'plans:list', { venueId }, organizer.user);
  expect(plans).toEqual([second, first, small]);
});

test('[VENUE-1] of plans that come at once each has a version of its own', async () => {
  const { id: venueId } = await make();
  const plans = await Promise.all(Array.from({ length: 5 }, () => importInto(venueId)));
  expect(plans.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5]);
});

test("[VENUE-2] venue-not-found: there is none, or it is somebody else's", async () => {
  const { id: venueId } = await make();
  const plan = testPlan(20);
  const refuse = (id: string, user = organizer.user) =>
    expectRefused(hub, 'venues:import-plan', { venueId: id, plan }, user, 'venue-not-found');
  await refuse(nobody);
  await refuse(venueId, await hubs.user('organizer'));
});

test('[PLAN-1] plan-invalid: names the place of the fault', async () => {
  const { id: venueId } = await make();
  const request = { venueId, plan: { ...testPlan(20), size: 7 } };
  const details = await expectRefused(hub, 'venues:import-plan', request, organizer.user, 'plan-invalid');
  expect(details.path).toBe('size');
});

test("[REQ-2] 'request-id-reused': imported once under one key", async () => {
  const { id: venueId } = await make();
  const requests = [20, 40].map((seats) => ({ venueId, plan: testPlan(seats) }));
  await expectOnce(hubs, 'venues:import-plan', requests as never, organizer.user);
  const { plans } = await call(hub, 'plans:list', { venueId }, organizer.user);
  expect(plans).toHaveLength(1);
});
