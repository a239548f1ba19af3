import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { requestId, TestClient } from '../support/client.ts';
import { startTestHubs, testKeys } from '../support/hub.ts';
import { forgeries } from './forgeries.ts';
import { hostileFrames } from './hostile-frames.ts';
import { hostilePublications } from './hostile-publications.ts';
import { abandon, joined, RawSocket, rawHttp, upgradeRequest, upgradeStatus } from './raw.ts';

const hubs = await startTestHubs();
const eventId = await hubs.event({ rules: { seatsPerBuyer: 1000 } });
const user = await hubs.user();

let child: ChildProcess;
let port = 0;
let url = '';
let memory = 0;

beforeAll(async () => {
  const { config, databaseUrl, redisUrl } = hubs;
  const options = JSON.stringify({ config, databaseUrl, redisUrl, jwtKeys: testKeys });
  const script = fileURLToPath(new URL('fixtures/hub.ts', import.meta.url));
  child = fork(script, [options], { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  port = message.port;
  url = `http://127.0.0.1:${port}`;
  await joined(url).then((socket) => socket.close());
  memory = (await state()).rss;
});
afterAll(() => void child.kill());

async function state(): Promise<{ rss: number; connections: number }> {
  child.send('state');
  return (await once(child, 'message'))[0];
}

/** The process lives, and an honest buyer on it is served. */
afterEach(async () => {
  expect({ exit: child.exitCode, signal: child.signalCode }).toEqual({ exit: null, signal: null });
  const buyer = new TestClient([url], user.token);
  try {
    await buyer.ready();
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [7], requestId: requestId() });
    await buyer.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
  } finally {
    buyer.close();
  }
});

test('[GUARD-2] no frame ends the process, before or after joining, as a user or as nobody', async () => {
  for (const token of [undefined, user.token]) {
    await Promise.all(
      hostileFrames.map(async ({ frame }) => {
        const early = new RawSocket(url);
        await early.frame('0{');
        early.send(frame);
        const attacker = await joined(url, token);
        await attacker.ask('seats:watch', { eventId });
        attacker.send(frame);
        attacker.send(frame);
        setTimeout(() => [early, attacker].map((socket) => socket.close()), 300);
      }),
    );
  }
});

test('[GUARD-2] no upgrade ends the process, finished or broken off', async () => {
  const live = await joined(url, user.token);
  const { sid } = JSON.parse((await live.frame('0{')).slice(1));
  const queries = [
    '',
    'EIO=3',
    `EIO=4&transport=websocket&sid=${sid}`,
    'EIO=4&transport=constructor&sid=__proto__',
  ];
  for (const query of queries) {
    await upgradeStatus(url, { query });
    await rawHttp(port, `GET /socket.io/?${query} HTTP/1.1\r\nHost: hub\r\n\r\n`, 200);
  }
  const headers = 'Origin: https://evil.example\r\n';
  const requests = [upgradeRequest(), upgradeRequest(undefined, headers), upgradeRequest(queries[2])];
  await Promise.all(Array.from({ length: 200 }, (_, i) => abandon(port, requests[i % 3] as string, i % 5)));
  live.close();
});

test('[GUARD-2] no handshake ends the process, however often it is sent at once', async () => {
  const tokens: unknown[] = [
    ...forgeries(user.id).map(({ token }) => token),
    user.token,
    null,
    1,
    [],
    {},
    [[[]]],
  ];
  await Promise.all(
    tokens.map(async (token) => {
      const attacker = new RawSocket(url);
      await attacker.frame('0{');
      for (let i = 0; i < 5; i++) attacker.send(`40${JSON.stringify({ token })}`);
      attacker.send('41');
      attacker.send('40');
      setTimeout(() => attacker.close(), 300);
    }),
  );
});

test('[GUARD-2] leaving in the middle of a request does not end the process', async () => {
  for (let i = 0; i < 100; i++) {
    const attacker = await joined(url, i % 2 ? user.token : undefined);
    const packets = [
      `421["seats:watch",{"eventId":"${eventId}"}]`,
      `422["seats:hold",{"eventId":"${eventId}","seats":[${i % 5}],"requestId":"leaving-${i}"}]`,
      '423["bookings:list",{}]',
      '41',
    ];
    for (const packet of packets) attacker.send(packet);
    attacker.close();
  }
});

test('[GUARD-2] answers that nobody reads do not end the process', async () => {
  const slow = await joined(url, user.token);
  slow.ws.pause();
  for (let i = 0; i < 3000; i++) slow.send(`42${i}["seats:watch",{"eventId":"${eventId}"}]`);
  slow.send(new Uint8Array([1]));
  await new Promise((resolve) => setTimeout(resolve, 500));
  slow.close();
});

test('[GUARD-2] no HTTP request ends the process, finished or broken off', async () => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n';
  const requests = [
    `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}Content-Length: 100000\r\n\r\n${'['.repeat(70_000)}`,
    `${head}Content-Length: 60000\r\n\r\n${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    `${head}Content-Length: 1000\r\n\r\n{`,
    'GET /openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n',
    'GET /api/v1/events HTTP/1.1\r\nHost: hub\r\n\r\n'.repeat(20),
    'TRACE / HTTP/1.1\r\nHost: hub\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nHost: [\r\n\r\n',
  ];
  await Promise.all(Array.from({ length: 200 }, (_, i) => abandon(port, requests[i % 8] as string, i % 9)));
  await Promise.all(requests.map((request) => rawHttp(port, request, 300)));
});

test('[GUARD-5] no publication ends the process', async () => {
  const redis = new Redis(hubs.redisUrl);
  const prefix = `${hubs.config.redisPrefix}:io#/#`;
  const viewer = await joined(url, user.token);
  await viewer.ask('seats:watch', { eventId });
  for (const { message } of hostilePublications({ eventId, userId: user.id })) {
    for (const channel of ['', `event:${eventId}#`, `user:${user.id}#`]) {
      await redis.spublish(`${prefix}${channel}`, message as string);
    }
  }
  expect((await viewer.ask('bookings:list', {})).ok).toBe(true);
  viewer.close();
  redis.disconnect();
});

test('[GUARD-2] after all of it the process has no connection more and little more memory', async () => {
  let now = await state();
  for (let i = 0; i < 80 && now.connections > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    now = await state();
  }
  expect(now.connections).toBe(0);
  expect((now.rss - memory) / 2 ** 20).toBeLessThan(150);
});
