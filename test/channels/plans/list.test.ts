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
    expect(await call(node(hubs, 1), 'plans:list', {}, await hubs.user(role))).toEqual({ plans: made });
  }
  await expectRefused(node(hubs), 'plans:list', {}, await hubs.user(), 'forbidden');
  await expectRefused(node(hubs), 'plans:list', {}, undefined, 'unauthenticated');
});
