import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('a revoked token is refused on every node, other sessions of the user go on', async () => {
  const email = 'ada@example.com';
  const password = 'correct horse battery';
  const first = await call(node(hubs), 'auth:register', { email, password, name: 'Ada' });
  const second = await call(node(hubs), 'auth:login', { email, password });
  const [gone, kept] = [first, second].map(({ user, token }) => ({ id: user.id, token }));
  const socket = await hubs.connect(gone, 1);
  const other = await hubs.connect(kept, 1);
  expect(await call(node(hubs), 'auth:logout', {}, gone)).toEqual({ revoked: true });
  await until(() => socket.state === 'closed', 'the socket to be closed');
  for (const hub of hubs.nodes) {
    await expectRefused(hub, 'bookings:list', {}, gone, 'unauthenticated');
    await call(hub, 'bookings:list', {}, kept);
  }
  await expect(hubs.connect(gone)).rejects.toThrow();
  expect((await other.request('bookings:list', {})).bookings).toEqual([]);
});

test('a token that is revoked already, or none, is no session', async () => {
  const user = await hubs.user();
  await call(node(hubs), 'auth:logout', {}, user);
  await expectRefused(node(hubs, 1), 'auth:logout', {}, user, 'unauthenticated');
  await expectRefused(node(hubs), 'auth:logout', {}, undefined, 'unauthenticated');
});
