import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('who is about to be disconnected is told why, on every node, and nobody else', async () => {
  const user = await hubs.user();
  const sockets = [await hubs.connect(user), await hubs.connect(user, 1)];
  const bystander = await hubs.connect(await hubs.user(), 1);
  const told = Promise.all(sockets.map((socket) => socket.next('server:disconnected')));
  await call(node(hubs), 'auth:logout', {}, user);
  for (const tell of await told) {
    expect(tell).toMatchObject({ code: 'session-revoked', reconnect: 'new-token' });
  }
  expect((await bystander.request('bookings:list', {})).bookings).toEqual([]);
  expect(heard(bystander, 'server:disconnected')).toEqual([]);
});
