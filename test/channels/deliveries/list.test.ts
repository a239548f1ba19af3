import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { create, delivery } from '../webhooks/support.ts';

const hubs = await startTestHubs(1);
const admin = await hubs.user('admin');

test('admins see all deliveries with why they failed, newest first, by state, channel, kind and endpoint', async () => {
  const made = await create(hubs, await hubs.user('organizer'));
  const ids = [];
  for (const state of ['sent', 'dead', 'dead'] as const) ids.unshift(await delivery(hubs, made, state));
  const list = (request: object) => call(node(hubs), 'deliveries:list', request, admin);
  const first = await list({ limit: 2 });
  const second = await list({ limit: 2, cursor: first.nextCursor });
  expect([...first.deliveries, ...second.deliveries].map(({ id }) => id)).toEqual(ids);
  expect(first.deliveries[0]).toMatchObject({
    channel: 'webhook',
    target: made.webhook.url,
    state: 'dead',
    attempts: 8,
    lastError: 'no',
    nextAt: null,
  });
  const idsOf = async (request: object) => (await list(request)).deliveries.map(({ id }) => id);
  expect(await idsOf({ state: 'sent' })).toEqual([ids[2]]);
  expect(await idsOf({ channel: 'email' })).toEqual([]);
  expect(await idsOf({ channel: 'webhook', kind: 'booking.confirmed', endpointId: made.webhook.id })).toEqual(
    ids,
  );
  expect(await idsOf({ kind: 'event.published' })).toEqual([]);
});

test('cursor-invalid', async () => {
  await expectRefused(node(hubs), 'deliveries:list', { cursor: 'x' }, admin, 'cursor-invalid');
});

test('[METRIC-1] what waits and what is dead is counted at /metrics', async () => {
  await delivery(hubs, await create(hubs, await hubs.user('organizer')), 'waiting');
  const text = await (await fetch(`${node(hubs).url}/metrics`)).text();
  expect(text).toMatch(/^seatcast_deliveries\{channel="webhook",state="waiting"\} 1$/m);
  expect(text).toMatch(/^seatcast_deliveries\{channel="webhook",state="dead"\} 2$/m);
  expect(text).toMatch(/^seatcast_deliveries_total\{channel="webhook",state="sent"\} 0$/m);
});
