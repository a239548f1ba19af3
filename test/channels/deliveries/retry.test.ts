import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node } from '../support.ts';
import { create, delivery } from '../webhooks/support.ts';

const hubs = await startTestHubs(2);
const admin = await hubs.user('admin');

test('one delivery is due again, or all dead ones of an endpoint; the audit log says who asked', async () => {
  const made = await create(hubs, await hubs.user('organizer'));
  await hubs.sql("update webhooks set paused_until = now() + interval '1 hour'");
  const sent = await delivery(hubs, made, 'sent');
  for (let i = 0; i < 3; i++) await delivery(hubs, made, 'dead');
  expect(await call(node(hubs), 'deliveries:retry', { deliveryId: sent }, admin)).toEqual({ retried: 1 });
  const endpointId = made.webhook.id;
  expect(await call(node(hubs), 'deliveries:retry', { endpointId }, admin)).toEqual({ retried: 3 });
  expect(await call(node(hubs), 'deliveries:retry', { endpointId }, admin)).toEqual({ retried: 0 });
  const noted = await hubs.sql<{ actor_id: string; details: object }>(
    "select actor_id, details from audit where action = 'deliveries-retried' order by id",
  );
  expect(noted).toMatchObject([
    { actor_id: admin.id, details: { deliveryId: sent, deliveries: 1 } },
    { actor_id: admin.id, details: { endpointId, deliveries: 3 } },
  ]);
});

test('delivery-not-found: none, being sent, or not of the endpoint that is named', async () => {
  const [made, other] = [
    await create(hubs, await hubs.user('organizer')),
    await create(hubs, await hubs.user('organizer')),
  ];
  const sending = await delivery(hubs, made, 'sending');
  const dead = await delivery(hubs, made, 'dead');
  for (const request of [
    { deliveryId: '999999' },
    { deliveryId: sending },
    { deliveryId: dead, endpointId: other.webhook.id },
  ])
    await expectRefused(node(hubs), 'deliveries:retry', request, admin, 'delivery-not-found');
});

test("'request-id-reused': a repeat does nothing more", async () => {
  const made = await create(hubs, await hubs.user('organizer'));
  const deliveryId = await delivery(hubs, made, 'dead');
  await expectOnce(hubs, 'deliveries:retry', [{ deliveryId }, { deliveryId: '1' }], admin);
});
