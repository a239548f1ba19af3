import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { create } from './support.ts';

const hubs = await startTestHubs(1);

test('a deleted webhook is gone, and its secret with it', async () => {
  const organizer = await hubs.user('organizer');
  const { webhook } = await create(hubs, organizer);
  const request = { webhookId: webhook.id };
  expect(await call(node(hubs), 'webhooks:delete', request, organizer)).toEqual({ deleted: true });
  expect((await call(node(hubs), 'webhooks:list', {}, organizer)).webhooks).toEqual([]);
  expect(await hubs.sql('select secret from webhooks where id = $1', [webhook.id])).toEqual([{ secret: '' }]);
  await expectRefused(node(hubs), 'webhooks:delete', request, organizer, 'webhook-not-found');
});

test('webhook-not-found: of somebody else', async () => {
  const { webhook } = await create(hubs, await hubs.user('organizer'));
  const other = await hubs.user('organizer');
  await expectRefused(node(hubs), 'webhooks:delete', { webhookId: webhook.id }, other, 'webhook-not-found');
});
