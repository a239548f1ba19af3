/** Sessions that ended stay ended, whatever gets lost on the way. */
import { execFile as execFileWithCallback } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { call, expectRefused, node } from '../channels/support.ts';
import { claimsOf, signIn, signUp } from '../channels/accounts.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const execFile = promisify(execFileWithCallback);
const hubs = await startTestHubs(2);
const [one, two] = hubs.nodes as [Hub, Hub];

test('[AUTH-8] a Redis that lost its data is told again before anybody is let in', async () => {
  const [gone, kept] = [await signUp(hubs), await signUp(hubs)];
  const early = await hubs.user();
  for (const person of [gone, early]) await call(one, 'auth:logout', {}, person);
  await one.links.commands.del(
    one.keys.revokedRun,
    one.keys.revoked(gone.sessionId),
    one.keys.revoked(claimsOf(early.token).jti as string),
  );
  const answers = await Promise.all([
    expectRefused(one, 'me:read', {}, gone, 'unauthenticated'),
    expectRefused(two, 'me:read', {}, gone, 'unauthenticated'),
    // Its session was opened where nobody keeps a row of it, and has one since it ended.
    expectRefused(two, 'me:read', {}, early, 'unauthenticated'),
    expect(hubs.connect(gone, 1)).rejects.toThrow(),
    call(two, 'me:read', {}, kept),
  ]);
  expect(answers).toHaveLength(5);
});

test('[AUTH-8] a Redis that lost its last second only, and has another run id, is told again', async () => {
  const person = await signUp(hubs);
  await call(one, 'auth:logout', {}, person);
  await one.links.commands.del(one.keys.revoked(person.sessionId));
  await one.links.commands.set(one.keys.revokedRun, 'the life before');
  await expectRefused(two, 'me:read', {}, person, 'unauthenticated');
  expect(await one.links.commands.get(one.keys.revokedRun)).toBe(one.links.home([one.keys.revokedRun]).run);
});

test('[AUTH-8] a notice that is lost between nodes costs seconds: each looks for itself', async () => {
  const person = await signUp(hubs);
  const socket = await hubs.connect(person, 1);
  const bystander = await hubs.connect(await signUp(hubs), 1);
  const { notify } = one.sockets;
  one.sockets.notify = () => undefined;
  try {
    await call(one, 'auth:logout', {}, person);
    await until(() => socket.state === 'closed', 'the socket to be closed', 50_000);
  } finally {
    one.sockets.notify = notify;
  }
  expect(socket.lastDisconnect?.code).toBe('session-revoked');
  await bystander.request('me:read', {});
});

test('[AUTH-8] what did not reach Redis when the session ended gets there', async () => {
  const person = await signUp(hubs);
  // A node that was not there when it happened, so it has brought nothing yet.
  const three = await hubs.addNode();
  await call(one, 'auth:logout', {}, person);
  await one.links.commands.del(one.keys.revoked(person.sessionId));
  await three.engine.sessions.ended.look();
  await expectRefused(one, 'me:read', {}, person, 'unauthenticated');
});

test('[AUTH-9] a role that is set from the command line counts within a minute', async () => {
  const person = await signUp(hubs);
  const sockets = [await hubs.connect(person, 0), await hubs.connect(person, 1)];
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const options = { cwd: root, env: { ...process.env, DATABASE_URL: hubs.databaseUrl } };
  const { stdout } = await execFile(
    process.execPath,
    ['src/set-role.ts', person.email, 'organizer'],
    options,
  );
  expect(stdout).toContain('has to sign in again');
  for (const socket of sockets) {
    await until(() => socket.state === 'closed', 'the socket to be closed', 50_000);
  }
  for (const index of [0, 1])
    await expectRefused(node(hubs, index), 'me:read', {}, person, 'unauthenticated');
  expect(claimsOf((await signIn(hubs, person.email)).token).role).toBe('organizer');
});

test('[AUTH-10] the command line takes no role of the last admin, and makes nobody a kiosk', async () => {
  const own = await startTestHubs(1);
  const [first, second] = [await signUp(own), await signUp(own)];
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const setRole = (email: string, role: string) =>
    execFile(process.execPath, ['src/set-role.ts', email, role], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: own.databaseUrl },
    }).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      ({ code, stdout, stderr }) => ({ code, said: `${stdout}${stderr}` }),
    );
  const rolesNow = () => own.sql('select role from users where id = $1', [first.id]);
  expect(await setRole(first.email, 'kiosk')).toMatchObject({ code: 2 });
  await own.sql("update users set role = 'admin' where id = $1", [first.id]);
  const refused = await setRole(first.email, 'user');
  expect(refused.code).toBe(1);
  expect(refused.said).toContain('is the last admin');
  expect(await rolesNow()).toEqual([{ role: 'admin' }]);
  await own.sql("update users set role = 'admin' where id = $1", [second.id]);
  expect(await setRole(first.email, 'user')).toMatchObject({ code: 0 });
  expect(await rolesNow()).toEqual([{ role: 'user' }]);
});

test('sessions, tokens and pairings that are long over are forgotten', async () => {
  const own = await startTestHubs(1);
  const hub = node(own);
  const [old, fresh] = [await signUp(own), await signUp(own)];
  await own.sql(
    "update sessions set expires_at = now() - interval '8 days', tokens_until = now() - interval '8 days' where id = $1",
    [old.sessionId],
  );
  const { pairingId } = await call(hub, 'kiosks:begin', {});
  // More than are forgotten in one bite.
  await own.sql(
    `insert into sessions (id, user_id, expires_at, tokens_until)
     select 'old-' || n, $1, now() - interval '8 days', now() - interval '8 days' from generate_series(1, 2500) as n`,
    [old.id],
  );
  await own.sql("update kiosk_pairings set expires_at = now() - interval '2 hours' where id = $1", [
    pairingId,
  ]);
  // The first look of a node forgets as well.
  await own.addNode().then((added) => added.engine.sessions.ended.look());
  expect(await own.sql('select id from sessions')).toEqual([{ id: fresh.sessionId }]);
  expect(await own.sql('select id from kiosk_pairings')).toEqual([]);
  expect(await own.sql('select session_id as id from refresh_tokens')).toEqual([{ id: fresh.sessionId }]);
});
