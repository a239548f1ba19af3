import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { create, delivery } from './support.ts';

const hubs = await startTestHubs(1);

test('an owner sees the deliveries of one webhook, newest first and page by page, or those in a state', async () => {
  const organizer = await hubs.user('organizer');
  const [made, other] = [await create(hubs, organizer), await create(hubs, organizer)];
  const ids = [];
  for (const state of ['sent', 'dead', 'dead'] as const) ids.unshift(await delivery(hubs, made, state));
  await delivery(hubs, other, 'dead');
  const webhookId = made.webhook.id;
  const first = await call(node(hubs), 'webhooks:deliveries', { webhookId, limit: 2 }, organizer);
  const cursor = first.nextCursor as string;
  const second = await call(node(hubs), 'webhooks:deliveries', { webhookId, limit: 2, cursor }, organizer);
  expect([...first.deliveries, ...second.deliveries].map(({ id }) => id)).toEqual(ids);
  expect(second.nextCursor).toBeNull();
  const sent = await call(node(hubs), 'webhooks:deliveries', { webhookId, state: 'sent' }, organizer);
  expect(sent.deliveries).toMatchObject([{ id: ids[2], endpointId: webhookId, kind: 'booking.confirmed' }]);
});

test('webhook-not-found and cursor-invalid', async () => {
  const organizer = await hubs.user('organizer');
  const { webhook } = await create(hubs, organizer);
  const request = { webhookId: webhook.id };
  const other = await hubs.user('organizer');
  await expectRefused(node(hubs), 'webhooks:deliveries', request, other, 'webhook-not-found');
  const wrong = { ...request, cursor: 'x' };
  await expectRefused(node(hubs), 'webhooks:deliveries', wrong, organizer, 'cursor-invalid');
});
