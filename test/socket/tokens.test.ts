import { expect, test } from 'vitest';
import { startTestHubs } from '../support/hub.ts';
import { forgeries, genuine } from './forgeries.ts';
import { expectHonestService } from './honest.ts';
import { joined, RawSocket, rawHttp } from './raw.ts';

const hubs = await startTestHubs();
const { url, port } = hubs.nodes[0] as { url: string; port: number };
expectHonestService(hubs);
const user = await hubs.user();

test('[AUTH-1] a token of ours opens a socket', async () => {
  const socket = new RawSocket(url);
  expect(await socket.join({ token: genuine(user.id) })).toMatch(/^40/);
  expect((await socket.ask('bookings:list', {})).ok).toBe(true);
  socket.close();
});

test.each(forgeries(user.id))('[AUTH-1] $what opens no socket and no request', async ({ token }) => {
  const socket = new RawSocket(url);
  const answer = await socket.join({ token });
  expect(answer).toMatch(/^44/);
  expect(JSON.parse(answer.slice(2)).data).toMatchObject({ code: 'token-invalid', reconnect: 'new-token' });
  // It never gets in by asking anyway, and is not kept.
  socket.send('421["bookings:list",{}]');
  await socket.end();
  expect(socket.frames.some((frame) => frame.startsWith('43'))).toBe(false);

  if (typeof token !== 'string' || /[^\x21-\x7e]/.test(token)) return;
  const response = await fetch(`${url}/api/v1/bookings`, { headers: { authorization: `Bearer ${token}` } });
  expect([401, 431]).toContain(response.status);
});

test.each([
  ['an object', { a: 1 }],
  ['an object with a toString', { toString: 'x', length: 3 }],
  ['a number', 12],
  ['an array of tokens', [genuine(user.id)]],
  ['true', true],
  ['the empty string', ''],
  ['10 KB of letters', 'a'.repeat(10_000)],
])('[AUTH-1] a token that is %s opens no socket', async (_what, token) => {
  const socket = new RawSocket(url);
  const answer = await socket.join({ token });
  expect(answer).toContain('"code":"token-invalid"');
  socket.close();
});

test.each([
  ['token', (token: string) => `EIO=4&transport=websocket&token=${token}`, {}],
  ['auth', (token: string) => `EIO=4&transport=websocket&auth[token]=${token}`, {}],
  ['access_token', (token: string) => `EIO=4&transport=websocket&access_token=${token}`, {}],
])('[AUTH-1] a token in the query as %s is not read', async (_what, query, headers) => {
  const socket = await joined(url, undefined, { query: query(user.token), headers });
  expect(await socket.ask('bookings:list', {})).toMatchObject({
    ok: false,
    error: { code: 'unauthenticated' },
  });
  socket.close();
});

test('[AUTH-1] a token in a cookie or a header of a socket is not read', async () => {
  const headers = {
    authorization: `Bearer ${user.token}`,
    cookie: `token=${user.token}`,
  };
  const socket = await joined(url, undefined, { headers });
  expect(await socket.ask('bookings:list', {})).toMatchObject({
    ok: false,
    error: { code: 'unauthenticated' },
  });
  socket.close();
});

test('[AUTH-1] a second try on the same connection is not heard', async () => {
  const socket = new RawSocket(url);
  expect(await socket.join({ token: 'wrong' })).toMatch(/^44/);
  socket.send(`40${JSON.stringify({ token: user.token })}`);
  await socket.end();
  expect(socket.frames.some((frame) => frame.startsWith('40'))).toBe(false);
});

test('[AUTH-1] HTTP reads a token from one Authorization header alone', async () => {
  const get = (headers: string, query = '') =>
    rawHttp(port, `GET /api/v1/bookings${query} HTTP/1.1\r\nHost: hub\r\n${headers}\r\n`, 300);
  expect(await get(`Authorization: Bearer ${user.token}\r\n`)).toMatch(/^HTTP\/1.1 200/);
  expect(await get('', `?token=${user.token}`)).toMatch(/^HTTP\/1.1 401/);
  for (const header of [
    `Authorization: Basic ${user.token}`,
    `Authorization: ${user.token}`,
    'Authorization: Bearer',
    `Authorization: Bearer ${user.token}, Bearer ${user.token}`,
    `Authorization: Bearer x\r\nAuthorization: Bearer ${user.token}`,
    `Authorization: Bearer ${user.token}\r\nAuthorization: Bearer x`,
    `Cookie: token=${user.token}`,
  ]) {
    expect(await get(`${header}\r\n`), header).toMatch(/^HTTP\/1.1 401/);
  }
});
