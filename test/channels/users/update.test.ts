import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { claimsOf, password, type Person, signIn, signUp } from '../accounts.ts';
import { call, expectRefused, nobody, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const admin = await signUp(hubs, 'admin');
const update = (userId: string, changes: { role?: 'user' | 'organizer' | 'admin'; disabled?: boolean }) =>
  call(node(hubs), 'users:update', { userId, ...changes }, admin);

async function expectSignedOut(person: Person): Promise<void> {
  const { refreshToken } = person;
  for (const index of [0, 1]) {
    await expectRefused(node(hubs, index), 'me:read', {}, person, 'unauthenticated');
    await expectRefused(node(hubs, index), 'auth:refresh', { refreshToken }, undefined, 'refresh-refused');
  }
}

test('[AUTH-9] another role counts at once: all sessions end on every node, the next one has it', async () => {
  const person = await signUp(hubs);
  const second = await signIn(hubs, person.email, 1);
  const sockets = [await hubs.connect(person, 0), await hubs.connect(second, 1)];
  expect(await update(person.id, { role: 'organizer' })).toMatchObject({ role: 'organizer', sessions: 0 });
  for (const socket of sockets) {
    await until(() => socket.state === 'closed', 'the socket to be closed');
    expect(socket.lastDisconnect?.code).toBe('session-revoked');
  }
  for (const each of [person, second]) await expectSignedOut(each);
  const again = await signIn(hubs, person.email, 1);
  expect(claimsOf(again.token).role).toBe('organizer');
  await call(node(hubs, 1), 'plans:list', {}, again);
  const rows = await hubs.sql<{ action: string; actor: string; details: object }>(
    "select action, actor_id as actor, details from audit where action = 'role-set' and details ->> 'userId' = $1",
    [person.id],
  );
  expect(rows).toEqual([
    {
      action: 'role-set',
      actor: admin.id,
      details: expect.objectContaining({ from: 'user', to: 'organizer', userId: person.id }),
    },
  ]);
});

test('[AUTH-9] a disabled account is out at once and stays out, until it is enabled', async () => {
  const person = await signUp(hubs);
  const socket = await hubs.connect(person, 1);
  const { disabledAt } = await update(person.id, { disabled: true });
  expect(disabledAt).not.toBeNull();
  await until(() => socket.state === 'closed', 'the socket to be closed');
  await expectSignedOut(person);
  const { email } = person;
  await expectRefused(node(hubs, 1), 'auth:login', { email, password }, undefined, 'account-disabled');
  expect(await update(person.id, { disabled: false })).toMatchObject({ disabledAt: null });
  await call(node(hubs), 'me:read', {}, await signIn(hubs, email));
});

test('what does not change ends nothing', async () => {
  const person = await signUp(hubs);
  for (const changes of [{ role: 'user' as const }, { disabled: false }]) {
    expect(await update(person.id, changes)).toMatchObject({ role: 'user', sessions: 1 });
  }
  await call(node(hubs), 'me:read', {}, person);
});

test('user-not-found', async () => {
  await expectRefused(node(hubs), 'users:update', { userId: nobody, role: 'user' }, admin, 'user-not-found');
});

test('[AUTH-10] last-admin: the last one is neither demoted nor disabled, also by themselves', async () => {
  const other = await signUp(hubs, 'admin');
  // A disabled admin is none.
  await update(other.id, { disabled: true });
  const userId = admin.id;
  for (const changes of [{ role: 'user' }, { disabled: true }, { role: 'organizer', disabled: true }]) {
    await expectRefused(node(hubs), 'users:update', { userId, ...changes }, admin, 'last-admin');
  }
  await call(node(hubs, 1), 'users:list', {}, admin);
});

test('[AUTH-10] of two admins who demote each other at once, one stays', async () => {
  const own = await startTestHubs(2);
  for (let round = 0; round < 5; round++) {
    const [ada, bob] = [await signUp(own, 'admin'), await signUp(own, 'admin')];
    const others = [ada.id, bob.id];
    await own.sql("update users set role = 'user' where role = 'admin' and id <> all($1)", [others]);
    const answers = await Promise.all([
      send(node(own, 0), 'users:update', { userId: bob.id, role: 'user' }, ada),
      send(node(own, 1), 'users:update', { userId: ada.id, role: 'user' }, bob),
    ]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    const [row] = await own.sql<{ admins: number }>(
      "select count(*)::integer as admins from users where role = 'admin' and disabled_at is null",
    );
    expect(row?.admins).toBe(1);
  }
});
