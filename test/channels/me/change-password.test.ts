import pg from 'pg';
import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { password, type Person, signIn, signUp } from '../accounts.ts';
import { call, expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const newPassword = 'a longer walk by the sea';
const change = (person: Person, oldPassword = password) =>
  call(node(hubs), 'me:change-password', { oldPassword, newPassword }, person);

test('[AUTH-9] a new password ends all other sessions on every node; this one goes on', async () => {
  const person = await signUp(hubs);
  const others = [await signIn(hubs, person.email), await signIn(hubs, person.email, 1)];
  const sockets = await Promise.all(others.map((other, index) => hubs.connect(other, index)));
  const mine = await hubs.connect(person, 1);
  expect(await change(person)).toEqual({ endedSessions: 2 });
  for (const socket of sockets) await until(() => socket.state === 'closed', 'the others to be closed');
  for (const other of others) {
    await expectRefused(node(hubs, 1), 'me:read', {}, other, 'unauthenticated');
    const { refreshToken } = other;
    await expectRefused(node(hubs), 'auth:refresh', { refreshToken }, undefined, 'refresh-refused');
  }
  expect((await mine.request('me:read', {})).id).toBe(person.id);
  const { refreshToken } = person;
  await call(node(hubs, 1), 'auth:refresh', { refreshToken });
  const { email } = person;
  await expectRefused(node(hubs), 'auth:login', { email, password }, undefined, 'wrong-credentials');
  await call(node(hubs, 1), 'auth:login', { email, password: newPassword });
  const [row] = await hubs.sql<{ ended: string[]; text: string }>(
    "select details -> 'endedSessions' as ended, a::text as text from audit a where action = 'password-changed' and actor_id = $1",
    [person.id],
  );
  expect(row?.ended.toSorted()).toEqual(others.map(({ sessionId }) => sessionId).sort());
  expect(row?.text).not.toMatch(/argon2|walk/);
});

test('wrong-password: it takes the one there is, ten times a minute', async () => {
  const person = await signUp(hubs);
  const request = { oldPassword: 'a wrong guess', newPassword };
  for (let attempt = 0; attempt < 10; attempt++) {
    await expectRefused(node(hubs, attempt % 2), 'me:change-password', request, person, 'wrong-password');
  }
  await expectRefused(node(hubs), 'me:change-password', request, person, 'rate-limited');
  // Whoever guesses is not signed out, nor is anybody else.
  await call(node(hubs), 'me:read', {}, person);
  const { email } = person;
  await call(node(hubs), 'auth:login', { email, password });
});

test('[GUARD-1] a new password is 10 to 128 characters long', async () => {
  const person = await signUp(hubs);
  for (const short of ['short', 'x'.repeat(129), 'long enough\0']) {
    const request = { oldPassword: password, newPassword: short };
    const { field } = await expectRefused(
      node(hubs),
      'me:change-password',
      request,
      person,
      'invalid-request',
    );
    expect(field).toBe('newPassword');
  }
});

test('[AUTH-9] who signs in with the old password while it is changed gets no session that survives', async () => {
  const person = await signUp(hubs);
  // The change waits at the account, and the sign-in, which has seen the old password, behind it.
  const holder = new pg.Client({ connectionString: hubs.databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select from users where id = $1 for update', [person.id]);
  const waiting = (count: number) =>
    until(async () => {
      const [row] = await hubs.sql<{ count: number }>(
        "select count(*)::integer as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return row?.count === count;
    }, `${count} to wait`);
  const changing = change(person);
  await waiting(1);
  const { email } = person;
  const signingIn = send(node(hubs, 1), 'auth:login', { email, password });
  await waiting(2);
  await holder.query('commit');
  await holder.end();
  await changing;
  expect((await signingIn).status).toBe(401);
  const [row] = await hubs.sql<{ open: number }>(
    'select count(*)::integer as open from sessions where user_id = $1 and ended_at is null',
    [person.id],
  );
  expect(row?.open).toBe(1);
});
