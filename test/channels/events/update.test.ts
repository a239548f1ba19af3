import { expect, test } from 'vitest';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);

async function draft() {
  const eventId = await hubs.event({ publish: false });
  return { eventId, organizer: await organizerOf(hubs, eventId) };
}

test('what is left out stays, what is named changes, on any node', async () => {
  const { eventId, organizer } = await draft();
  const before = await call(hub, 'events:read', { eventId }, organizer);
  const changes = { title: ' Premiere ', rules: { extensions: 3 }, timeZone: 'Europe/Prague' };
  const event = await call(hub, 'events:update', { eventId, ...changes }, organizer);
  expect(event).toEqual({
    ...before,
    title: 'Premiere',
    timeZone: 'Europe/Prague',
    rules: { ...before.rules, extensions: 3 },
    updatedAt: event.updatedAt,
  });
  expect(await call(node(hubs, 1), 'events:read', { eventId }, organizer)).toEqual(event);
});

test('a draft may get another plan, with its prices', async () => {
  const { eventId, organizer } = await draft();
  const plan = await call(hub, 'plans:import', testPlan(60), organizer);
  const request = { eventId, planId: plan.id, prices: { Stalls: 100 } };
  const event = await call(hub, 'events:update', request, organizer);
  expect(event).toMatchObject({ planId: plan.id, seatCount: 60, prices: { Stalls: 100 } });
});

test('[EVENT-2] event-not-draft: what a sale depends on cannot change once an event is published', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const { planId } = await call(hub, 'events:read', { eventId });
  for (const changes of [
    { planId },
    { currency: 'USD' },
    { prices: { Stalls: 1 } },
    { rules: { seatsPerHold: 50 } },
  ]) {
    const request = { eventId, title: 'Another title', ...changes };
    const details = await expectRefused(hub, 'events:update', request, organizer, 'event-not-draft');
    expect(details).toEqual({ fields: Object.keys(changes) });
  }
  expect(await call(hub, 'events:read', { eventId })).toMatchObject({ title: 'Test event', currency: 'EUR' });
});

test('[EVENT-2] the rest can change until it is cancelled', async () => {
  const eventId = await hubs.event();
  const changes = {
    title: 'New title',
    description: 'D',
    venue: 'V',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
  };
  const event = await call(hub, 'events:update', { eventId, ...changes }, await organizerOf(hubs, eventId));
  expect(event).toMatchObject({ title: 'New title', description: 'D', venue: 'V', status: 'published' });
  expect(event.startsAt).toBe('2090-01-01T10:00:00.000Z');
});

test('event-cancelled: nothing changes any more', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  await call(hub, 'events:cancel', { eventId }, organizer);
  await expectRefused(hub, 'events:update', { eventId, title: 'x' }, organizer, 'event-cancelled');
});

test("event-not-found: there is none, or it is somebody else's", async () => {
  const { eventId, organizer } = await draft();
  await expectRefused(hub, 'events:update', { eventId: nobody, title: 'x' }, organizer, 'event-not-found');
  const other = await hubs.user('organizer');
  await expectRefused(hub, 'events:update', { eventId, title: 'x' }, other, 'event-not-found');
  await call(hub, 'events:update', { eventId, title: 'By an admin' }, await hubs.user('admin'));
});

test('plan-not-found, prices-mismatch, event-times, time-zone-unknown: a draft stays one that can be sold', async () => {
  const { eventId, organizer } = await draft();
  const refuse = (changes: object, code: Parameters<typeof expectRefused>[4]) =>
    expectRefused(hub, 'events:update', { eventId, ...changes }, organizer, code);
  await refuse({ planId: nobody }, 'plan-not-found');
  expect(await refuse({ prices: { Stalls: 1, Box: 2 } }, 'prices-mismatch')).toEqual({
    missing: [],
    unknown: ['Box'],
  });
  await refuse({ startsAt: '2091-01-01T00:00:00Z' }, 'event-times');
  await refuse({ endsAt: '2001-01-01T00:00:00Z' }, 'event-times');
  expect(await refuse({ timeZone: 'Mars/Olympus' }, 'time-zone-unknown')).toEqual({ found: 'Mars/Olympus' });
  const event = await call(hub, 'events:read', { eventId }, organizer);
  expect(event).toMatchObject({ prices: { Stalls: 2500 }, timeZone: 'Europe/Brussels' });
});

test("[REQ-2] 'request-id-reused': changed once under one key", async () => {
  const eventId = await hubs.event();
  const requests: [object, object] = [
    { eventId, title: 'Once' },
    { eventId, title: 'Twice' },
  ];
  const event = await expectOnce(hubs, 'events:update', requests as never, await organizerOf(hubs, eventId));
  expect(event.title).toBe('Once');
});
