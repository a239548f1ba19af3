import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const account = { email: 'Ada@Example.com', password: 'correct horse battery', name: ' Ada ' };

test('a new account is a buyer, signed in on every node', async () => {
  const before = Date.now();
  const { user, token, expiresAt } = await call(node(hubs), 'auth:register', account);
  expect(user).toMatchObject({ email: 'ada@example.com', name: 'Ada', role: 'user' });
  expect(Date.parse(expiresAt)).toBeGreaterThan(before + 60_000);
  const client = await hubs.connect({ id: user.id, token }, 1);
  expect((await client.request('bookings:list', {})).bookings).toEqual([]);
});

test('email-taken: one account an address, however it is written', async () => {
  const email = 'bob@example.com';
  const response = await send(node(hubs), 'auth:register', { ...account, email });
  expect(response.status).toBe(201);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const again = { ...account, email: 'BOB@example.com' };
  await expectRefused(node(hubs, 1), 'auth:register', again, undefined, 'email-taken');
});

test('[GUARD-1] nobody gives themselves a role, a short password or no name', async () => {
  const faults = [
    [{ ...account, role: 'admin' }, 'role'],
    [{ ...account, password: 'short' }, 'password'],
    [{ ...account, password: 'x'.repeat(129) }, 'password'],
    [{ ...account, name: '   ' }, 'name'],
    [{ ...account, name: 'a\u0000b' }, 'name'],
    [{ ...account, email: 'nobody' }, 'email'],
  ] as const;
  for (const [request, field] of faults) {
    const details = await expectRefused(node(hubs), 'auth:register', request, undefined, 'invalid-request');
    expect(details).toMatchObject({ field, allowed: expect.any(String) });
  }
});

test('the password is kept as an argon2id hash, and told to nobody', async () => {
  const email = 'eve@example.com';
  const response = await send(node(hubs), 'auth:register', { ...account, email });
  expect(await response.text()).not.toContain('argon2');
  const [row] = await hubs.sql<{ hash: string }>('select password_hash as hash from users where email = $1', [
    email,
  ]);
  expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});
