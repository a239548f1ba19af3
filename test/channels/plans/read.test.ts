import { expect, test } from 'vitest';
import { type PlanWire, planFromWire } from '../../../src/seating/plan-wire.ts';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, send } from '../support.ts';

const hubs = await startTestHubs(2);

test('everybody reads a plan, on any node, and may keep it for ever', async () => {
  const organizer = await hubs.user('organizer');
  const { id: planId } = await call(node(hubs), 'plans:import', testPlan(45), organizer);
  for (const user of [undefined, await hubs.user('kiosk')]) {
    const { id, plan } = await call(node(hubs, 1), 'plans:read', { planId }, user);
    expect(id).toBe(planId);
    const { seats } = planFromWire(plan as PlanWire);
    expect(seats).toHaveLength(45);
    expect(seats[44]).toMatchObject({ index: 44, label: 'Main, row 3, seat 5', x: 120, y: 70 });
  }
  const response = await send(node(hubs), 'plans:read', { planId });
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

test('plan-not-found: no such plan', async () => {
  await expectRefused(node(hubs), 'plans:read', { planId: nobody }, undefined, 'plan-not-found');
});
