import { expect, test } from 'vitest';
import { runAfter, startFeedServer } from '../../provider/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

test('an admin has the provider asked, and the audit log says who', async () => {
  const server = await startFeedServer();
  const url = server.url;
  const provider = { url, intervalMs: 86_400_000, timeZone: 'UTC', allowedNetworks: ['127.0.0.1/32'] };
  const hubs = await startTestHubs(1, { provider });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  expect(await call(node(hubs), 'provider:sync', {}, admin, 'my-request')).toEqual({ queued: true });
  expect(await runAfter(hubs, admin, Number(first.id))).toMatchObject({
    state: 'applied',
    askedBy: admin.id,
  });
  const { entries } = await call(node(hubs), 'audit:list', { action: 'provider-sync-asked' }, admin);
  expect(entries).toMatchObject([{ actorId: admin.id, requestId: 'my-request' }]);
});

test('without a provider there is nothing to sync with', async () => {
  const hubs = await startTestHubs(1);
  await expectRefused(node(hubs), 'provider:sync', {}, await hubs.user('admin'), 'provider-not-configured');
  expect(await hubs.sql("select from audit where action like 'provider%'")).toEqual([]);
});
