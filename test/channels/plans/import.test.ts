import { expect, test } from 'vitest';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(1);
const organizer = await hubs.user('organizer');

/** The plan of a test with one place changed. */
function planWith(change: (plan: ReturnType<typeof parsed>) => void) {
  const plan = parsed();
  change(plan);
  return plan;
}

interface Seat {
  seat_guid: string;
  category: string;
  position: { x: unknown };
}
const parsed = () =>
  testPlan(40) as { size?: unknown; extra?: unknown; zones: { rows: { seats: Seat[] }[] }[] };
const seatOf = (plan: ReturnType<typeof parsed>, index: number): Seat => {
  const seat = plan.zones[0]?.rows[1]?.seats[index];
  if (!seat) throw new Error('no such seat');
  return seat;
};

test('a plan in the open format becomes one that events can use', async () => {
  const response = await send(node(hubs), 'plans:import', testPlan(40), organizer);
  expect(response.status).toBe(201);
  const plan = await call(node(hubs), 'plans:import', testPlan(45), organizer);
  expect(plan).toMatchObject({ name: 'Test hall', seatCount: 45, categories: ['Stalls'] });
});

test('[PLAN-1] plan-invalid: a plan with a fault is refused with the place of the fault', async () => {
  const faults: [object, string][] = [
    [planWith((plan) => (plan.extra = 1)), 'plan'],
    [planWith((plan) => delete plan.size), 'size'],
    [planWith((plan) => (plan.zones = [])), 'zones'],
    [planWith((plan) => (seatOf(plan, 3).category = 'Box')), 'zones[0].rows[1].seats[3].category'],
    [planWith((plan) => (seatOf(plan, 4).position.x = 'left')), 'zones[0].rows[1].seats[4].position.x'],
    [planWith((plan) => (seatOf(plan, 5).seat_guid = 's-0-0')), 'zones[0].rows[1].seats[5].seat_guid'],
  ];
  for (const [plan, path] of faults) {
    const details = await expectRefused(node(hubs), 'plans:import', plan, organizer, 'plan-invalid');
    expect(details).toEqual({ path, problem: expect.any(String) });
  }
  expect(await hubs.sql('select 1 from seating_plans where seat_count = 0')).toEqual([]);
});

test('a large hall fits, a body beyond 16 MB does not', async () => {
  const plan = await call(node(hubs), 'plans:import', testPlan(20_000), organizer);
  expect(plan.seatCount).toBe(20_000);
  const huge = { ...testPlan(40), name: 'x'.repeat(17 * 1024 * 1024) };
  const details = await expectRefused(node(hubs), 'plans:import', huge, organizer, 'payload-too-large');
  expect(details).toEqual({ maxBytes: 16 * 1024 * 1024 });
});

test("[REQ-2] 'request-id-reused': imported once under one key", async () => {
  await expectOnce(hubs, 'plans:import', [testPlan(20), testPlan(40)] as never, organizer);
});
