import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { pushKeys } from './support.ts';

test('anybody may read the key, and that there is none', async () => {
  const push = pushKeys();
  const hubs = await startTestHubs(1, { push });
  expect(await call(node(hubs), 'push:key', {})).toEqual({ publicKey: push.publicKey });
  const none = await startTestHubs(1);
  expect(await call(node(none), 'push:key', {})).toEqual({ publicKey: null });
});
