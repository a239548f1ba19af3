import pg from 'pg';
import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { claimsOf, password, type Person, personOf, signIn, signUp } from '../accounts.ts';
import { call, expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const refresh = (person: Person, index = 0) =>
  call(node(hubs, index), 'auth:refresh', { refreshToken: person.refreshToken });
const refused = (person: Pick<Person, 'refreshToken'>, index = 0) =>
  expectRefused(
    node(hubs, index),
    'auth:refresh',
    { refreshToken: person.refreshToken },
    undefined,
    'refresh-refused',
  );

test('[AUTH-6] a refresh token gives new tokens of the same session, on any node, and the old token lives on', async () => {
  const person = await signUp(hubs);
  const renewed = await refresh(person, 1);
  expect(renewed.user).toMatchObject({ id: person.id, email: person.email, role: 'user' });
  expect(renewed.token).not.toBe(person.token);
  expect(renewed.refreshToken).not.toBe(person.refreshToken);
  const [before, after] = [claimsOf(person.token), claimsOf(renewed.token)];
  expect(after.sid).toBe(before.sid);
  expect(after.jti).not.toBe(before.jti);
  expect(Number(after.exp)).toBeGreaterThanOrEqual(Number(before.exp));
  expect(Date.parse(renewed.refreshExpiresAt)).toBeGreaterThan(Date.parse(renewed.expiresAt));
  for (const token of [person.token, renewed.token]) {
    await call(node(hubs), 'bookings:list', {}, { id: person.id, token });
  }
  const again = await refresh(personOf(renewed));
  expect(claimsOf(again.token).sid).toBe(before.sid);
});

test('[AUTH-6] a refresh token that comes again ends the session: all its tokens, and its sockets on every node', async () => {
  const person = await signUp(hubs);
  const sockets = [await hubs.connect(person, 0), await hubs.connect(person, 1)];
  const renewed = personOf(await refresh(person));
  const untouched = await signIn(hubs, person.email);
  await refused(person, 1);
  for (const socket of sockets) {
    await until(() => socket.state === 'closed', 'the socket to be closed');
    expect(socket.lastDisconnect?.code).toBe('session-revoked');
  }
  for (const index of [0, 1]) {
    await expectRefused(node(hubs, index), 'bookings:list', {}, person, 'unauthenticated');
    await expectRefused(node(hubs, index), 'bookings:list', {}, renewed, 'unauthenticated');
    await refused(renewed, index);
  }
  // Only that one: whoever lost an answer signs in again, and other devices notice nothing.
  await call(node(hubs), 'bookings:list', {}, untouched);
  await call(node(hubs), 'bookings:list', {}, await signIn(hubs, person.email));
  const [row] = await hubs.sql<{ reason: string }>(
    "select details ->> 'reason' as reason from audit where action = 'session-revoked' and session_id = $1",
    [person.sessionId],
  );
  expect(row?.reason).toBe('refresh-token-reused');
});

test('[AUTH-7] of two requests with one token at once one wins, and the session goes on with what it was answered', async () => {
  const person = await signUp(hubs);
  const holder = new pg.Client({ connectionString: hubs.databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select from refresh_tokens where session_id = $1 for update', [person.sessionId]);
  const { refreshToken } = person;
  const asked = [0, 1].map((index) => send(node(hubs, index), 'auth:refresh', { refreshToken }));
  // Both have seen the token unused, and wait.
  await until(async () => {
    const [row] = await hubs.sql<{ waiting: string }>(
      "select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return row?.waiting === '2';
  }, 'both to wait for the token');
  await holder.query('commit');
  await holder.end();
  const answers = await Promise.all(asked);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  expect(bodies.find(({ code }) => code)?.code).toBe('refresh-superseded');
  const winner = personOf(bodies.find(({ token }) => token));
  await call(node(hubs, 1), 'bookings:list', {}, winner);
  await refresh(winner);
});

test('[AUTH-7] of twenty requests with one token on two nodes exactly one is answered with tokens', async () => {
  const person = await signUp(hubs);
  const { refreshToken } = person;
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => send(node(hubs, i % 2), 'auth:refresh', { refreshToken })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 401 || status === 409)).toHaveLength(19);
  const [row] = await hubs.sql<{ unused: string }>(
    'select count(*) as unused from refresh_tokens where session_id = $1 and used_at is null',
    [person.sessionId],
  );
  expect(row?.unused).toBe('1');
});

test('refresh-refused: made up, run out, signed out, or of a session that has lasted long enough', async () => {
  await refused({ refreshToken: 'A'.repeat(43) });
  const [over, out, old, fresh] = [
    await signUp(hubs),
    await signUp(hubs),
    await signUp(hubs),
    await signUp(hubs),
  ];
  await hubs.sql("update refresh_tokens set expires_at = now() - interval '1 second' where session_id = $1", [
    over.sessionId,
  ]);
  await hubs.sql("update sessions set expires_at = now() - interval '1 second' where id = $1", [
    old.sessionId,
  ]);
  await call(node(hubs), 'auth:logout', {}, out);
  for (const person of [over, out, old]) await refused(person);
  await refresh(fresh);
});

test('[AUTH-1] a refresh token is no access token, and an access token renews nothing', async () => {
  const person = await signUp(hubs);
  const wrong = { id: person.id, token: person.refreshToken };
  await expectRefused(node(hubs), 'bookings:list', {}, wrong, 'unauthenticated');
  await expect(hubs.connect(wrong)).rejects.toThrow();
  for (const token of [person.token, `${person.refreshToken}A`, person.refreshToken.slice(1)]) {
    const request = { refreshToken: token };
    await expectRefused(node(hubs), 'auth:refresh', request, undefined, 'invalid-request');
  }
  await refresh(person);
});

test('only hashes of refresh tokens are kept', async () => {
  const person = await signUp(hubs);
  const rows = await hubs.sql<{ text: string }>(
    'select t::text as text from refresh_tokens t union all select s::text from sessions s union all select a::text from audit a',
  );
  expect(rows.length).toBeGreaterThan(2);
  for (const { text } of rows) {
    expect(text).not.toContain(person.refreshToken);
    expect(text).not.toContain(password);
  }
});

test('a role that was changed meanwhile is in no token that is renewed', async () => {
  const person = await signUp(hubs);
  await hubs.sql("update users set role = 'organizer' where id = $1", [person.id]);
  const renewed = await refresh(person);
  expect(claimsOf(renewed.token).role).toBe('organizer');
});
