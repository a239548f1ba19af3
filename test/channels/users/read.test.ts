import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { signIn, signUp } from '../accounts.ts';
import { call, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(1);
const admin = await signUp(hubs, 'admin');

test('an admin reads an account, with how many sessions are open', async () => {
  const person = await signUp(hubs);
  await signIn(hubs, person.email);
  const account = await call(node(hubs), 'users:read', { userId: person.id }, admin);
  expect(account).toMatchObject({ id: person.id, email: person.email, role: 'user', sessions: 2 });
  await call(node(hubs), 'auth:logout', {}, person);
  const after = await call(node(hubs), 'users:read', { userId: person.id }, admin);
  expect(after).toEqual({ ...account, sessions: 1 });
});

test('user-not-found', async () => {
  await expectRefused(node(hubs), 'users:read', { userId: nobody }, admin, 'user-not-found');
});
