import { expect, test } from 'vitest';
import type { EventsCreateRequest } from '../../../src/contracts.gen.ts';
import { address } from '../../events/support.ts';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node, send } from '../support.ts';

const hubs = await startTestHubs(1);
const organizer = await hubs.user('organizer');
const plan = await call(node(hubs), 'plans:import', testPlan(40), organizer);

const draft: EventsCreateRequest = {
  planId: plan.id,
  title: ' The Cherry Orchard ',
  startsAt: '2090-03-14T19:30:00+01:00',
  endsAt: '2090-03-14T22:00:00+01:00',
  currency: 'EUR',
  prices: { Stalls: 2500 },
};

test('an event begins as a draft of its organizer, with the rules it does not name at their defaults', async () => {
  const response = await send(node(hubs), 'events:create', draft, organizer);
  expect(response.status).toBe(201);
  const event = await call(node(hubs), 'events:create', { ...draft, rules: { holdMs: 60_000 } }, organizer);
  expect(event).toMatchObject({
    organizerId: organizer.id,
    planId: plan.id,
    title: 'The Cherry Orchard',
    description: '',
    venue: '',
    startsAt: '2090-03-14T18:30:00.000Z',
    endsAt: '2090-03-14T21:00:00.000Z',
    timeZone: 'Europe/Brussels',
    status: 'draft',
    currency: 'EUR',
    prices: { Stalls: 2500 },
    rules: { holdMs: 60_000, seatsPerHold: 10, seatsPerBuyer: 20, extensions: 1 },
    seatCount: 40,
    venueId: null,
    category: null,
    tags: [],
    sellMode: 'online',
    salesStartAt: null,
    salesEndAt: null,
    capacity: 40,
    seriesId: null,
    alertLeads: [1440, 60, 5],
    deletedAt: null,
  });
});

test('[ALERT-2] an event says when its watchers are alerted, the earliest first, or that they never are', async () => {
  const leads = async (alertLeads: number[]) =>
    (await call(node(hubs), 'events:create', { ...draft, alertLeads }, organizer)).alertLeads;
  expect(await leads([5, 10_080, 60])).toEqual([10_080, 60, 5]);
  expect(await leads([])).toEqual([]);
  const faults: [number[], string][] = [
    [[0], 'alertLeads.0'],
    [[10_081], 'alertLeads.0'],
    [[5, 5], 'alertLeads'],
    [[1, 2, 3, 4, 5, 6], 'alertLeads'],
  ];
  for (const [alertLeads, field] of faults) {
    const request = { ...draft, alertLeads };
    const details = await expectRefused(node(hubs), 'events:create', request, organizer, 'invalid-request');
    expect(details.field).toBe(field);
  }
});

test('a venue gives its name and time zone to an event that says nothing else', async () => {
  const request = { name: 'Studio', address, timeZone: 'Europe/Lisbon' };
  const venue = await call(node(hubs), 'venues:create', request, organizer);
  const { id: planId } = await call(
    node(hubs),
    'venues:import-plan',
    { venueId: venue.id, plan: testPlan(20) },
    organizer,
  );
  const there = { venueId: venue.id, venue: 'Studio, Ghent', timeZone: 'Europe/Lisbon' };
  const event = await call(node(hubs), 'events:create', { ...draft, venueId: venue.id }, organizer);
  expect(event).toMatchObject(there);
  expect(await call(node(hubs), 'events:create', { ...draft, planId }, organizer)).toMatchObject(there);
  const other = { ...draft, venueId: venue.id, venue: 'The cellar', timeZone: 'UTC' };
  expect(await call(node(hubs), 'events:create', other, organizer)).toMatchObject({
    venue: 'The cellar',
    timeZone: 'UTC',
  });
  const elsewhere = await call(node(hubs), 'venues:create', request, organizer);
  const mismatch = { ...draft, planId, venueId: elsewhere.id };
  const details = await expectRefused(node(hubs), 'events:create', mismatch, organizer, 'venue-mismatch');
  expect(details).toEqual({ venueId: venue.id });
});

test('venue-not-found: no such venue', async () => {
  const request = { ...draft, venueId: nobody };
  await expectRefused(node(hubs), 'events:create', request, organizer, 'venue-not-found');
});

test('sale-window: the sale begins before it ends, and before the event starts', async () => {
  for (const window of [
    { salesStartAt: draft.startsAt },
    { salesStartAt: '2090-02-02T10:00:00Z', salesEndAt: '2090-02-02T10:00:00Z' },
    { salesEndAt: '1999-12-31T10:00:00Z' },
  ]) {
    await expectRefused(node(hubs), 'events:create', { ...draft, ...window }, organizer, 'sale-window');
  }
});

test('capacity-mismatch: only what is sold elsewhere has another capacity than its plan has seats', async () => {
  const request = { ...draft, capacity: 30 };
  const details = await expectRefused(node(hubs), 'events:create', request, organizer, 'capacity-mismatch');
  expect(details).toEqual({ seatCount: 40 });
  const offline = { ...request, sellMode: 'offline' as const };
  expect(await call(node(hubs), 'events:create', offline, organizer)).toMatchObject({ capacity: 30 });
});

test('[GUARD-1] categories and tags are words that a list in a query can hold', async () => {
  for (const word of ['Jazz', 'a b', 'a,b', '-a', 'a--b', '', 'x'.repeat(41)]) {
    const request = { ...draft, tags: ['fine', word] };
    const details = await expectRefused(node(hubs), 'events:create', request, organizer, 'invalid-request');
    expect(details).toMatchObject({ field: 'tags.1' });
  }
  const tags = ['stand-up', 'été', '音楽', '2090'];
  expect(await call(node(hubs), 'events:create', { ...draft, tags }, organizer)).toMatchObject({ tags });
});

test('plan-not-found: no such plan', async () => {
  await expectRefused(node(hubs), 'events:create', { ...draft, planId: nobody }, organizer, 'plan-not-found');
});

test('prices-mismatch: names what is missing and what is unknown', async () => {
  const request = { ...draft, prices: { Balcony: 1000 } };
  const details = await expectRefused(node(hubs), 'events:create', request, organizer, 'prices-mismatch');
  expect(details).toEqual({ missing: ['Stalls'], unknown: ['Balcony'] });
});

test('event-times: it must end after it starts', async () => {
  const request = { ...draft, endsAt: draft.startsAt };
  await expectRefused(node(hubs), 'events:create', request, organizer, 'event-times');
});

test('time-zone-unknown: only names that know of daylight saving', async () => {
  for (const timeZone of ['Europe/Atlantis', '+01:00']) {
    const details = await expectRefused(
      node(hubs),
      'events:create',
      { ...draft, timeZone },
      organizer,
      'time-zone-unknown',
    );
    expect(details).toEqual({ found: timeZone });
  }
});

test('[GUARD-1] text that no database can keep is refused with its field', async () => {
  for (const field of ['title', 'description', 'venue']) {
    const request = { ...draft, [field]: 'a\u0000b' };
    const details = await expectRefused(node(hubs), 'events:create', request, organizer, 'invalid-request');
    expect(details).toMatchObject({ field });
  }
});

test("[REQ-2] 'request-id-reused': made once under one key", async () => {
  const request = { ...draft, title: 'Once' };
  await expectOnce(hubs, 'events:create', [request, { ...request, title: 'Twice' }], organizer);
  const made = await hubs.sql("select id from events where title in ('Once', 'Twice')");
  expect(made).toHaveLength(1);
});
