import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { personOf, signUp } from '../accounts.ts';
import { paired } from '../kiosks/support.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('a revoked token is refused on every node, other sessions of the user go on', async () => {
  const email = 'ada@example.com';
  const password = 'correct horse battery';
  const first = await call(node(hubs), 'auth:register', { email, password, name: 'Ada' });
  const second = await call(node(hubs), 'auth:login', { email, password });
  const gone = { id: first.user.id, token: first.token };
  const kept = { id: second.user.id, token: second.token };
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

test('every token of the session is refused, also one that was renewed and the refresh token', async () => {
  const person = await signUp(hubs);
  const renewed = personOf(await call(node(hubs), 'auth:refresh', { refreshToken: person.refreshToken }));
  await call(node(hubs, 1), 'auth:logout', {}, person);
  for (const { token } of [person, renewed]) {
    await expectRefused(node(hubs), 'bookings:list', {}, { id: person.id, token }, 'unauthenticated');
  }
  const { refreshToken } = renewed;
  await expectRefused(node(hubs), 'auth:refresh', { refreshToken }, undefined, 'refresh-refused');
});

test('[KIOSK-1] a kiosk that signs out is paired no more', async () => {
  const organizer = await hubs.user('organizer');
  const { user } = await paired(hubs, organizer);
  expect(await call(node(hubs), 'auth:logout', {}, user)).toEqual({ revoked: true });
  await expectRefused(node(hubs, 1), 'events:list', {}, user, 'unauthenticated');
  expect((await call(node(hubs), 'kiosks:list', {}, organizer)).kiosks).toEqual([]);
});

test('the other spelling of a signature is the same session', async () => {
  const { id, token } = await signUp(hubs);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const variants = [1, 2, 3].map(
    (bits) => token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ bits],
  );
  await call(node(hubs), 'auth:logout', {}, { id, token });
  for (const variant of variants) {
    await expectRefused(node(hubs, 1), 'bookings:list', {}, { id, token: variant }, 'unauthenticated');
    await expect(hubs.connect({ id, token: variant })).rejects.toThrow();
  }
});
