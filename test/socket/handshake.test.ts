import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { abandon, joined, RawSocket, rawHttp, statuses, upgradeRequest, upgradeStatus } from './raw.ts';

const site = 'https://tickets.example.com';
const hubs = await startTestHubs(1, { allowedOrigins: [site, 'http://localhost:3000'] });
const { url, port, sockets } = hubs.nodes[0] as Hub;
expectHonestService(hubs);
/** The honest one of the line above is connected all the time. */
const buyers = 1;

test.each([site, 'http://localhost:3000'])('[AUTH-5] a page of %s gets a socket', async (origin) => {
  expect(await upgradeStatus(url, { headers: { origin } })).toBe(101);
});

test('[AUTH-5] a client that is no browser sends no Origin and gets a socket', async () => {
  expect(await upgradeStatus(url)).toBe(101);
});

// OWASP ASVS 5.0, 4.4.2
test.each([
  'https://evil.example',
  'https://tickets.example.com.evil.example',
  'https://evil-tickets.example.com',
  'https://eviltickets.example.com',
  'https://www.tickets.example.com',
  'https://example.com',
  'http://tickets.example.com',
  'https://tickets.example.com:443',
  'https://tickets.example.com:8443',
  'https://tickets.example.com/',
  'https://tickets.example.com/path',
  'https://TICKETS.example.com',
  'HTTPS://tickets.example.com',
  'https://tickets.example.com.',
  'https://user@tickets.example.com',
  'https://tickets%2eexample.com',
  'https://tickets.example.com https://evil.example',
  'https://tickets.example.com,https://evil.example',
  'http://localhost',
  'http://localhost:3001',
  'http://127.0.0.1:3000',
  'file://',
  'null',
  'undefined',
  '*',
  '',
])('[AUTH-5] a page of "%s" gets no socket', async (origin) => {
  const before = sockets.counts.foreignOrigins;
  expect(await upgradeStatus(url, { headers: { origin } })).toBe(403);
  expect(sockets.counts.foreignOrigins).toBe(before + 1);
});

test('[AUTH-5] what a page may do is not written into the refusal', async () => {
  const answer = await rawHttp(port, upgradeRequest(undefined, 'Origin: https://evil.example\r\n'), 300);
  expect(answer).not.toContain(site);
  expect(answer.toLowerCase()).not.toContain('access-control-allow');
});

test.each([
  ['polling', 'EIO=4&transport=polling'],
  ['an old protocol', 'EIO=3&transport=websocket'],
  ['no protocol', 'transport=websocket'],
  ['no query', ''],
  ['webtransport', 'EIO=4&transport=webtransport'],
  ['a transport named constructor', 'EIO=4&transport=constructor'],
  ['a transport named __proto__', 'EIO=4&transport=__proto__'],
  ['two transports', 'EIO=4&transport=websocket&transport=polling'],
  ['a session named __proto__', 'EIO=4&transport=websocket&sid=__proto__'],
  ['an unknown session', 'EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA'],
  ['an empty session', 'EIO=4&transport=websocket&sid='],
])('[GUARD-2] an upgrade with %s is refused', async (_what, query) => {
  expect(await upgradeStatus(url, { query })).toBe(400);
});

test.each(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'])(
  '[GUARD-2] a plain %s on the path of the sockets is refused, with and without a live session id',
  async (method) => {
    const live = new RawSocket(url);
    const { sid } = JSON.parse((await live.frame('0{')).slice(1));
    for (const query of ['polling', 'websocket', `websocket&sid=${sid}`, `polling&sid=${sid}`]) {
      const head = `${method} /socket.io/?EIO=4&transport=${query} HTTP/1.1\r\nHost: hub\r\n`;
      const answer = await rawHttp(port, `${head}Content-Length: 2\r\n\r\n40`, 500);
      expect(statuses(answer), query).toEqual([400]);
    }
    expect(await live.join()).toMatch(/^40/);
    live.close();
  },
);

test('[AUTH-5] nobody can take over a connection by its session id, whatever their origin', async () => {
  const victim = new RawSocket(url);
  const { sid } = JSON.parse((await victim.frame('0{')).slice(1));
  await victim.join({ token: (await hubs.user()).token });
  const query = `EIO=4&transport=websocket&sid=${sid}`;
  expect(await upgradeStatus(url, { query })).toBe(400);
  expect(await upgradeStatus(url, { query, headers: { origin: 'https://evil.example' } })).toBe(400);
  expect(await upgradeStatus(url, { query: query.replace('sid', 's%69d') })).toBe(400);
  expect((await victim.ask('bookings:list', {})).ok).toBe(true);
  victim.close();
});

test('[GUARD-2] compression is not negotiated, so no small frame becomes a large one', async () => {
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';
  const answer = await rawHttp(port, upgradeRequest(undefined, offer), 300);
  expect(answer).toMatch(/^HTTP\/1.1 101/);
  expect(answer.toLowerCase()).not.toContain('deflate');
});

test('[GUARD-2] 200 upgrades that are broken off at every moment leave nothing behind', async () => {
  await until(() => sockets.connections === buyers, 'the connections of other tests to be gone');
  const requests = [
    upgradeRequest(),
    upgradeRequest(undefined, 'Origin: https://evil.example\r\n'),
    upgradeRequest('EIO=4&transport=websocket&sid=x'),
    upgradeRequest().slice(0, 60),
  ];
  const attempts = Array.from({ length: 200 }, (_, i) => abandon(port, requests[i % 4] as string, i % 7));
  await Promise.all(attempts);
  await until(() => sockets.connections === buyers, 'the broken connections to be gone');
});

test('[GUARD-2] 200 connections that break off while their token is checked leave no socket behind', async () => {
  const { token } = await hubs.user();
  const namespace = sockets.io.of('/');
  await until(() => namespace.sockets.size === buyers, 'the sockets of other tests to be gone');
  const attempts = Array.from({ length: 200 }, async () => {
    const socket = new RawSocket(url);
    await socket.frame('0{');
    socket.send(`40${JSON.stringify({ token })}`);
    await new Promise(setImmediate);
    socket.close();
  });
  await Promise.all(attempts);
  await until(() => sockets.connections === buyers, 'the connections to be gone');
  await until(
    () => namespace.sockets.size === buyers && namespace.adapter.rooms.size === buyers,
    'the sockets to be gone',
  );
});

test('[GUARD-2] a connection that never joins is closed within 5 s, whatever else it sends', async () => {
  const silent = new RawSocket(url);
  const chatty = new RawSocket(url);
  const refused = new RawSocket(url);
  await chatty.frame('0{');
  await refused.join({ token: 'wrong' });
  const from = performance.now();
  const pongs = setInterval(() => chatty.send('3'), 200);
  await Promise.all([silent.end(6500), chatty.end(6500), refused.end(6500)]);
  clearInterval(pongs);
  expect(performance.now() - from).toBeLessThan(6500);
});

test('[GUARD-2] a connection that leaves at once does not disturb a map that is being opened for it', async () => {
  const eventId = await hubs.event();
  for (let i = 0; i < 20; i++) {
    const socket = await joined(url);
    socket.send(`421["seats:watch",{"eventId":"${eventId}"}]`);
    socket.close();
  }
  const client = await hubs.connect(await hubs.user());
  const map = await client.watching(eventId);
  await client.request('seats:hold', { eventId, seats: [3], requestId: requestId() });
  await until(() => map.replica.seats[3] === 1, 'the tick');
});
