import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { pushKeys, subscription } from './support.ts';

const hubs = await startTestHubs(1, { push: pushKeys() });

test('only its owner ends a subscription, once', async () => {
  const [ada, bob] = [await hubs.user(), await hubs.user()];
  const browser = subscription();
  const { endpoint } = browser;
  await call(node(hubs), 'push:subscribe', browser, ada);
  expect(await call(node(hubs), 'push:unsubscribe', { endpoint }, bob)).toEqual({ removed: false });
  expect(await call(node(hubs), 'push:unsubscribe', { endpoint }, ada)).toEqual({ removed: true });
  expect(await call(node(hubs), 'push:unsubscribe', { endpoint }, ada)).toEqual({ removed: false });
  expect(await hubs.sql("select from audit where action = 'push-unsubscribed'")).toHaveLength(1);
});
