import { expect, test } from 'vitest';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('plans are listed newest first, for organizers and admins', async () => {
  const organizer = await hubs.user('organizer');
  const made = [];
  for (const seats of [20, 30])
    made.unshift(await call(node(hubs), 'plans:import', testPlan(seats), organizer));
  for (const role of ['organizer', 'admin'] as const) {
    expect(await call(node(hubs, 1), 'plans:list', {}, await hubs.user(role))).toEqual({
      plans: made,
      nextCursor: null,
    });
  }
  await expectRefused(node(hubs), 'plans:list', {}, await hubs.user(), 'forbidden');
  await expectRefused(node(hubs), 'plans:list', {}, undefined, 'unauthenticated');
});

test('page by page, without gaps or repeats while more are imported; a cursor that is none is cursor-invalid', async () => {
  const organizer = await hubs.user('organizer');
  const made: string[] = [];
  for (let n = 0; n < 5; n++)
    made.unshift((await call(node(hubs), 'plans:import', testPlan(20), organizer)).id);
  const listed: string[] = [];
  for (let cursor: string | undefined; listed.length < made.length; ) {
    const { plans, nextCursor } = await call(
      node(hubs, 1),
      'plans:list',
      { limit: 2, ...(cursor ? { cursor } : {}) },
      organizer,
    );
    listed.push(...plans.map(({ id }) => id));
    await call(node(hubs), 'plans:import', testPlan(20), organizer);
    cursor = nextCursor ?? undefined;
  }
  expect(listed.slice(0, made.length)).toEqual(made);
  await expectRefused(node(hubs), 'plans:list', { cursor: 'WyJhIl0' }, organizer, 'cursor-invalid');
});

test('the plans of a venue come by name, the latest version first, over several pages', async () => {
  const organizer = await hubs.user('organizer');
  const address = { street: 'Street 1', city: 'Ghent', postalCode: '9000', country: 'BE' };
  const place = { name: 'Hall', address, timeZone: 'Europe/Brussels' };
  const { id: venueId } = await call(node(hubs), 'venues:create', place, organizer);
  for (const name of ['B', 'A', 'B', 'A', 'B']) {
    const plan = { ...testPlan(20), name };
    await call(node(hubs), 'venues:import-plan', { venueId, plan }, organizer);
  }
  const listed: string[] = [];
  let cursor: string | undefined;
  do {
    const answer = await call(
      node(hubs, 1),
      'plans:list',
      { venueId, limit: 2, ...(cursor ? { cursor } : {}) },
      organizer,
    );
    listed.push(...answer.plans.map(({ name, version }) => `${name}${version}`));
    cursor = answer.nextCursor ?? undefined;
  } while (cursor);
  expect(listed).toEqual(['A2', 'A1', 'B3', 'B2', 'B1']);
});
