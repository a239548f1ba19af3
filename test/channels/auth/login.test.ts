import { expect, test } from 'vitest';
import { Limits } from '../../../src/accounts/limits.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const password = 'correct horse battery';

async function account(email: string) {
  const { user } = await call(node(hubs), 'auth:register', { email, password, name: 'Ada' });
  return { email, password, id: user.id };
}

test('the right password gives a token that counts on every node', async () => {
  const { email, id } = await account('ada@example.com');
  const { user, token } = await call(node(hubs), 'auth:login', { email: 'ADA@example.com', password });
  expect(user).toEqual({ id, email, name: 'Ada', role: 'user' });
  const reply = await call(node(hubs, 1), 'bookings:list', {}, { id, token });
  expect(reply.bookings).toEqual([]);
});

test('[AUTH-2] wrong-credentials: an unknown address and a wrong password get the same answer', async () => {
  const { email } = await account(`bob-${Math.random()}@example.com`);
  const wrong = { email, password: 'wrong horse battery' };
  const unknown = { email: 'nobody@example.com', password };
  const ask = async (request: typeof wrong) => {
    const start = performance.now();
    const response = await send(node(hubs), 'auth:login', request);
    const ms = performance.now() - start;
    const headers = [...response.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    return { ms, answer: { status: response.status, headers, body: await response.json() } };
  };
  await expectRefused(node(hubs), 'auth:login', unknown, undefined, 'wrong-credentials');
  const times = { wrong: [] as number[], unknown: [] as number[] };
  for (let i = 0; i < 4; i++) {
    const answers = { wrong: await ask(wrong), unknown: await ask(unknown) };
    expect(answers.unknown.answer).toEqual(answers.wrong.answer);
    times.wrong.push(answers.wrong.ms);
    times.unknown.push(answers.unknown.ms);
  }
  // Both take one argon2, which is far more than everything else together.
  expect(Math.min(...times.unknown)).toBeGreaterThan(Math.min(...times.wrong) / 2);
});

test('account-disabled: said only to who knows the password', async () => {
  const { email, id } = await account('eve@example.com');
  await hubs.sql('update users set disabled_at = now() where id = $1', [id]);
  await expectRefused(node(hubs), 'auth:login', { email, password }, undefined, 'account-disabled');
  const wrong = { email, password: 'wrong horse battery' };
  await expectRefused(node(hubs), 'auth:login', wrong, undefined, 'wrong-credentials');
});

test('rate-limited: ten attempts a minute at one account, on all nodes together', async () => {
  const { email } = await account('joe@example.com');
  const wrong = { email, password: 'wrong horse battery' };
  for (let attempt = 0; attempt < 10; attempt++) {
    await expectRefused(node(hubs, attempt % 2), 'auth:login', wrong, undefined, 'wrong-credentials');
  }
  const response = await send(node(hubs), 'auth:login', { email, password });
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const details = await expectRefused(node(hubs, 1), 'auth:login', wrong, undefined, 'rate-limited');
  expect(details.retryAfterMs).toBeLessThanOrEqual(60_000);
});

test('who types wrong passwords from one address locks nobody out who comes from another; many addresses do', async () => {
  const { email } = await account('max-elsewhere@example.com');
  const { accounts } = node(hubs).engine;
  const attempt = (pass: string, address: string) => accounts.login(email, pass, address);
  for (let i = 0; i < 10; i++) {
    await expect(attempt('wrong horse battery', '192.0.2.1')).rejects.toMatchObject({
      code: 'wrong-credentials',
    });
  }
  await expect(attempt(password, '192.0.2.1')).rejects.toMatchObject({ code: 'rate-limited' });
  await attempt(password, '192.0.2.2');
  const limits = new Limits(node(hubs).links, node(hubs).keys);
  for (let taken = 11; taken < 100; taken++) await limits.take(`login:${email}`, 100);
  await expect(attempt(password, '192.0.2.3')).rejects.toMatchObject({ code: 'rate-limited' });
});

test('[AUTH-2] an account whose hash cannot be read is answered like a wrong password', async () => {
  const [user] = await hubs.sql<{ email: string }>('select email from users where id = $1', [
    (await hubs.user()).id,
  ]);
  await expectRefused(
    node(hubs),
    'auth:login',
    { email: user?.email, password },
    undefined,
    'wrong-credentials',
  );
});

test('rate-limited: guessing one password at many accounts, by the address', async () => {
  const limited = await startTestHubs(2, { attemptsPerAddress: 5 });
  const attempt = (i: number) => ({ email: `guess-${i}@example.com`, password });
  for (let i = 0; i < 5; i++) {
    await expectRefused(node(limited, i % 2), 'auth:login', attempt(i), undefined, 'wrong-credentials');
  }
  for (const index of [0, 1]) {
    await expectRefused(node(limited, index), 'auth:login', attempt(9), undefined, 'rate-limited');
  }
});

test('a password of a megabyte, or with a NUL in it, is refused before anything is hashed', async () => {
  const { email } = await account('max@example.com');
  const post = (body: string) =>
    fetch(`${node(hubs).url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const long = await post(JSON.stringify({ email, password: 'x'.repeat(1_000_000) }));
  expect([long.status, (await long.json()).code]).toEqual([413, 'payload-too-large']);
  const longer = { email, password: 'x'.repeat(129) };
  await expectRefused(node(hubs), 'auth:login', longer, undefined, 'invalid-request');
  for (const text of [`${password}\0`, '\0', `${password}\0x`, `${password}\ud800`]) {
    const request = { email, password: text };
    const { field } = await expectRefused(node(hubs), 'auth:login', request, undefined, 'invalid-request');
    expect(field).toBe('password');
  }
  await call(node(hubs), 'auth:login', { email, password });
});

test('[AUTH-12] of many who sign in at once some are told to come later, and the hub goes on', async () => {
  const own = await startTestHubs(1, { passwordQueue: 10 });
  const answers = Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      send(node(own), 'auth:login', { email: `crowd-${i}@example.com`, password }),
    ),
  );
  // What needs no password is answered meanwhile.
  await call(node(own), 'events:list', {});
  const statuses = (await answers).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401, 503]));
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(12);
  const late = { email: 'late@example.com', password };
  await expectRefused(node(own), 'auth:login', late, undefined, 'wrong-credentials');
});
