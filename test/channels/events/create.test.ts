import { expect, test } from 'vitest';
import type { EventsCreateRequest } from '../../../src/contracts.gen.ts';
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
  });
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
