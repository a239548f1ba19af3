import { expect, test } from 'vitest';
import { Tokens } from '../../../src/session.ts';
import { until } from '../../support/client.ts';
import { startTestHubs, testKeys } from '../../support/hub.ts';
import { personOf, signUp } from '../accounts.ts';
import { call, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('a connection goes on with a newer token after the one it came with has run out', async () => {
  const person = await signUp(hubs);
  const short = await new Tokens(testKeys, 3000).sign(
    { id: person.id, role: 'user' },
    { sessionId: person.sessionId },
  );
  const renewing = await hubs.connect({ id: person.id, token: short.token }, 1);
  const other = await hubs.connect({ id: person.id, token: short.token }, 1);
  const connection = renewing.socket;
  const { token } = await call(node(hubs), 'auth:refresh', { refreshToken: person.refreshToken });
  const { expiresAt } = await renewing.request('auth:renew', { token });
  expect(Date.parse(expiresAt)).toBeGreaterThan(short.session.expiresAt);
  await until(() => other.state === 'closed', 'the other connection to run out');
  expect(other.lastDisconnect?.code).toBe('session-expired');
  expect((await renewing.request('bookings:list', {})).bookings).toEqual([]);
  expect(renewing.socket).toBe(connection);
  // It still ends with its session.
  await call(node(hubs), 'auth:logout', {}, { id: person.id, token });
  await until(() => renewing.state === 'closed', 'the connection to be closed');
});

test("token-refused: another session's, another person's, one that was revoked, or none of ours", async () => {
  const [ada, bob] = [await signUp(hubs), await signUp(hubs)];
  const client = await hubs.connect(ada);
  const elsewhere = personOf(
    await call(node(hubs), 'auth:login', { email: ada.email, password: 'correct horse battery' }),
  );
  const raised = await new Tokens(testKeys, 60_000).sign(
    { id: ada.id, role: 'admin' },
    { sessionId: ada.sessionId },
  );
  for (const token of [bob.token, elsewhere.token, raised.token, 'x', `${ada.token}x`]) {
    await client.expectDenied('auth:renew', { token }, 'token-refused');
  }
  expect((await client.request('me:read', {})).id).toBe(ada.id);
  await client.expectDenied('users:list', {}, 'forbidden');
});

test('the client renews by itself: its token runs out and it comes back with the next', async () => {
  const person = await signUp(hubs);
  const { token } = await new Tokens(testKeys, 2000).sign(
    { id: person.id, role: 'user' },
    { sessionId: person.sessionId },
  );
  const next = await call(node(hubs), 'auth:refresh', { refreshToken: person.refreshToken });
  let asked = 0;
  const client = await hubs.connect({ id: person.id, token }, 0, {
    newToken: async () => {
      asked++;
      // The hub may be away for a moment.
      if (asked === 1) throw new Error('not now');
      return next.token;
    },
  });
  const first = client.socket;
  await until(() => asked >= 2 && client.state === 'connected', 'the client to be back');
  expect(client.socket).not.toBe(first);
  expect((await client.request('me:read', {})).id).toBe(person.id);
  await call(node(hubs), 'auth:logout', {}, { id: person.id, token: next.token });
  // The same token again is no newer one.
  await until(() => client.state === 'closed', 'the client to give up');
});
