import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { pushKeys, subscription } from './support.ts';

const hubs = await startTestHubs(2, { push: pushKeys() });
const owners = async (endpoint: string) =>
  (
    await hubs.sql<{ user_id: string }>('select user_id from push_subscriptions where endpoint = $1', [
      endpoint,
    ])
  ).map((row) => row.user_id);

test('a browser belongs to whoever subscribed last, once', async () => {
  const [ada, bob] = [await hubs.user(), await hubs.user()];
  const browser = subscription();
  const first = await call(node(hubs), 'push:subscribe', browser, ada);
  expect(await call(node(hubs, 1), 'push:subscribe', browser, ada)).toEqual(first);
  await call(node(hubs), 'push:subscribe', browser, bob);
  expect(await owners(browser.endpoint)).toEqual([bob.id]);
  await Promise.all([ada, bob, ada, bob].map((user) => call(node(hubs), 'push:subscribe', browser, user)));
  expect(await owners(browser.endpoint)).toHaveLength(1);
});

test('of more than twenty the oldest goes', async () => {
  const user = await hubs.user();
  const all = Array.from({ length: 21 }, subscription);
  for (const each of all) await call(node(hubs), 'push:subscribe', each, user);
  expect(await owners(all[0]?.endpoint ?? '')).toEqual([]);
  expect(await owners(all[1]?.endpoint ?? '')).toEqual([user.id]);
});

test('push-refused: an internal address, or a key that is none', async () => {
  const user = await hubs.user();
  const refused = [
    { ...subscription(), endpoint: 'https://127.0.0.1/x' },
    { ...subscription(), endpoint: 'https://[::ffff:169.254.169.254]/x' },
    { ...subscription(), endpoint: 'https://a:b@push.example.org/x' },
    { ...subscription(), keys: { ...subscription().keys, p256dh: 'A'.repeat(87) } },
  ];
  for (const request of refused)
    await expectRefused(node(hubs), 'push:subscribe', request, user, 'push-refused');
  const plain = { ...subscription(), endpoint: 'http://push.example.org/x' };
  await expectRefused(node(hubs), 'push:subscribe', plain, user, 'invalid-request');
});

test('push-unavailable: a hub without keys', async () => {
  const none = await startTestHubs(1);
  await expectRefused(node(none), 'push:subscribe', subscription(), await none.user(), 'push-unavailable');
});
