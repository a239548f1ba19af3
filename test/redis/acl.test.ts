/** The users of Redis as docker-compose.yml makes them, tried on a real Redis. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

const password = 'a-password-of-the-test';
const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
const users = [...compose.matchAll(/--user "([^"]+)"/g)].map(([, rules = '']) =>
  rules.replace('$$REDIS_PASSWORD', password),
);
const login = `hub:${password}@`;
const server = await ownRedis(
  users.flatMap((rules) => ['--user', ...rules.split(' ')]),
  login,
);
const hubUrl = server.url.replace('//', `//${login}`);
const hubs = await startTestHubs(2, { redisPrefix: 'seatcast' }, { redisUrl: hubUrl });

const clients: Redis[] = [];
afterAll(() => {
  for (const client of clients) client.disconnect();
});
function client(url: string): Redis {
  const made = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  made.on('error', () => undefined);
  clients.push(made);
  return made;
}

test('there is a user for the hub, and the default one is off', () => {
  expect(users.map((rules) => rules.split(' ', 2).join(' '))).toEqual(['default off', 'hub on']);
});

test('with its own user a hub does all it does: holds, ticks to other nodes, bookings, signing out', async () => {
  const eventId = await hubs.event();
  const [buyer, viewer] = [await hubs.connect(await hubs.user()), await hubs.connect(undefined, 1)];
  const map = await viewer.watching(eventId);
  const told = viewer.next('seats:changed');
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await told;
  expect(map.replica.seats[1]).not.toBe(0);
  const { booking } = await buyer.request('bookings:confirm', {
    eventId,
    holdId: hold.holdId,
    requestId: requestId(),
  });
  expect(booking.status).toBe('confirmed');
  // What other services are told: the event was published, the booking made.
  const reader = client(hubUrl);
  await until(async () => (await reader.xlen('seatcast:stream')) === 2, 'both to be on the stream');
  const user = await hubs.user();
  const ended = (await hubs.connect(user, 1)).next('server:disconnected');
  const logout = { method: 'POST', headers: { authorization: `Bearer ${user.token}` } };
  expect((await fetch(`${hubs.nodes[0]?.url}/api/v1/auth/logout`, logout)).status).toBe(200);
  expect((await ended).code).toBe('session-revoked');
});

test('[REDIS-1] nobody without a name or a password gets in', async () => {
  for (const url of [server.url, server.url.replace('redis://', 'redis://hub:wrong@')]) {
    // Nothing is asked of it before it is let in, which it is not.
    const stranger = new Redis(url, {
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    stranger.on('error', () => undefined);
    clients.push(stranger);
    await stranger.connect().catch(() => undefined);
    await expect(stranger.ping(), url).rejects.toThrow(/NOAUTH|WRONGPASS|closed/);
  }
});

test.each([
  [['set', 'other:key', '1']],
  [['get', 'other:key']],
  [['eval', "return redis.call('get', 'other:key')", '0']],
  [['publish', 'other', 'x']],
  [['flushall']],
  [['keys', '*']],
  [['config', 'set', 'maxmemory', '1']],
  [['shutdown', 'nosave']],
  [['acl', 'setuser', 'eve', 'on', 'nopass', '+@all']],
  [['monitor']],
  [['debug', 'sleep', '1']],
])('[REDIS-1] the user of the hub may not %j', async (command) => {
  const [name = '', ...args] = command;
  await expect(client(hubUrl).call(name, ...args)).rejects.toThrow(
    /NOPERM|no permissions|can't access|not allowed/i,
  );
});
