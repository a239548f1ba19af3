import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { address, organizerIn } from '../../events/support.ts';
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
  expect(await refuse({ timeZone: 'Mars/Olympus' }, 'time-zone-unknown')).toEqual({
    field: 'timeZone',
    found: 'Mars/Olympus',
  });
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

test('[EVENT-10] changes of different things that are made at once are all kept', async () => {
  const { eventId, organizer } = await draft();
  const changes = [
    { title: 'T' },
    { description: 'D' },
    { venue: 'V' },
    { category: 'c' },
    { tags: ['t'] },
    { salesEndAt: '2090-01-01T00:00:00Z' },
    { rules: { extensions: 3 } },
    { prices: { Stalls: 7 } },
  ];
  await Promise.all(
    changes.map((each, i) => call(node(hubs, i % 2), 'events:update', { eventId, ...each }, organizer)),
  );
  expect(await call(hub, 'events:read', { eventId }, organizer)).toMatchObject({
    title: 'T',
    description: 'D',
    venue: 'V',
    category: 'c',
    tags: ['t'],
    salesEndAt: '2090-01-01T00:00:00.000Z',
    rules: { extensions: 3 },
    prices: { Stalls: 7 },
  });
});

test('[EVENT-10] of two changes that do not fit together, one is refused', async () => {
  const { draft: make, user } = await organizerIn(hubs);
  const { id: eventId } = await make({ startsAt: '2090-01-01T10:00:00Z', endsAt: '2090-01-01T12:00:00Z' });
  const ask = (changes: object, index: number) =>
    call(node(hubs, index), 'events:update', { eventId, ...changes }, user).then(
      () => 'changed',
      () => 'refused',
    );
  const ends = await Promise.all([
    ask({ startsAt: '2090-01-01T11:45:00Z' }, 0),
    ask({ endsAt: '2090-01-01T11:15:00Z' }, 1),
  ]);
  expect(ends.sort()).toEqual(['changed', 'refused']);
});

test('null takes away', async () => {
  const { draft: make, user } = await organizerIn(hubs);
  const { id: eventId } = await make({ category: 'jazz', salesEndAt: '2090-01-01T00:00:00Z' });
  const request = { eventId, category: null, salesEndAt: null };
  expect(await call(hub, 'events:update', request, user)).toMatchObject({ category: null, salesEndAt: null });
});

test('event-completed: nothing changes any more', async () => {
  const { published, user } = await organizerIn(hubs);
  const { id: eventId } = await published();
  await hubs.sql("update events set status = 'completed' where id = $1", [eventId]);
  await expectRefused(hub, 'events:update', { eventId, title: 'x' }, user, 'event-completed');
});

test('venue-not-found, venue-mismatch, sale-window, capacity-mismatch, series-needed', async () => {
  const { draft: make, user } = await organizerIn(hubs);
  const { id: eventId } = await make();
  const refuse = (changes: object, code: Parameters<typeof expectRefused>[4]) =>
    expectRefused(hub, 'events:update', { eventId, ...changes }, user, code);
  await refuse({ venueId: nobody }, 'venue-not-found');
  await refuse({ salesStartAt: '2091-01-01T00:00:00Z' }, 'sale-window');
  await refuse({ capacity: 7 }, 'capacity-mismatch');
  await refuse({ title: 'x', scope: 'following' }, 'series-needed');
  const place = { name: 'Hall', address, timeZone: 'UTC' };
  const [here, there] = [
    await call(hub, 'venues:create', place, user),
    await call(hub, 'venues:create', place, user),
  ];
  const imported = { venueId: here.id, plan: testPlan(20) };
  const { id: planId } = await call(hub, 'venues:import-plan', imported, user);
  expect(await call(hub, 'events:update', { eventId, planId }, user)).toMatchObject({ venueId: here.id });
  await refuse({ venueId: there.id }, 'venue-mismatch');
});

test('[EVENT-5] Redis learns until when an event is sold, however the change came about', async () => {
  const eventId = await hubs.event();
  await (await hubs.connect()).watching(eventId);
  const salesEndAt = '2020-01-01T00:00:00.000Z';
  await hubs.sql('update events set sales_end_at = $2 where id = $1', [eventId, salesEndAt]);
  const ends = async () => (await hub.engine.inventory.soldUntil(eventId)) === Date.parse(salesEndAt);
  await until(ends, 'Redis to know the end of the sale', 30_000);
});

test('a change that Redis cannot be told of is answered all the same, and followed later', async () => {
  const eventId = await hubs.event();
  const [, , , meta = ''] = hub.keys.event(eventId);
  await hub.links.commands.set(meta, 'no hash');
  const changes = { eventId, salesEndAt: '2020-01-01T00:00:00Z' };
  const event = await call(hub, 'events:update', changes, await organizerOf(hubs, eventId));
  expect(event.salesEndAt).toBe('2020-01-01T00:00:00.000Z');
  await hub.links.commands.del(meta);
});

test('a change of a series loads no map of its dates', async () => {
  const { input, user } = await organizerIn(hubs);
  const { events } = await call(
    hub,
    'events:create-series',
    { ...input(), rule: 'FREQ=DAILY;COUNT=3' },
    user,
  );
  const ids = events.map(({ id }) => id);
  const [eventId = '', watched = '', ...others] = ids;
  await call(hub, 'events:publish', { eventId, scope: 'following' }, user);
  await (await hubs.connect()).watching(watched);
  const changes = { eventId, scope: 'following' as const, salesEndAt: '2090-03-14T18:00:00Z' };
  await call(hub, 'events:update', changes, user);
  expect(await hub.engine.inventory.soldUntil(watched)).toBe(Date.parse('2090-03-15T18:00:00Z'));
  for (const id of [eventId, ...others]) expect(await hub.engine.inventory.soldUntil(id)).toBeUndefined();
});
