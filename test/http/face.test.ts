import { connect } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { nobody, node, type Problem } from '../channels/support.ts';
import { expectHonestService } from '../socket/honest.ts';
import { rawHttp, statuses } from '../socket/raw.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { keptLog } from '../support/log-lines.ts';

const { log, lines, texts } = keptLog();
const shop = 'https://tickets.example';
const hubs = await startTestHubs(
  1,
  { allowedOrigins: [shop, 'https://other.example'], trustProxy: true, patience: { bodyMs: 700 } },
  { log },
);
const { url, port } = node(hubs);
expectHonestService(hubs);
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(url + path, { method, headers });

describe('requests and their ids', () => {
  test('[FACE-5] an id that is given is kept, another one is made', async () => {
    for (const given of ['7f0c9d52-3b7e-4a86', 'a', 'Root=1-67891233-abcdef:x/y+z', 'x'.repeat(128)]) {
      const answer = await get('/health/live', { 'x-request-id': given });
      expect(answer.headers.get('x-request-id')).toBe(given);
    }
    const made = new Set<string | null>();
    for (const given of ['', 'x'.repeat(129), 'a b', '<script>', 'a"b', 'a,b', 'ä']) {
      const answer = await get('/health/live', given === 'ä' ? {} : { 'x-request-id': given });
      const id = answer.headers.get('x-request-id');
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      made.add(id);
    }
    expect(made.size).toBe(7);
  });

  test('[FACE-5] every line of a request has its id, and the last one says how it ended', async () => {
    const id = 'the-id-of-this-test';
    const email = 'somebody@example.com';
    const answer = await fetch(`${url}/api/v1/auth/login?secret=hush`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': id,
        authorization: 'Bearer made.up.token',
      },
      body: JSON.stringify({ email, password: 'hunter2 hunter2' }),
    });
    expect(answer.status).toBe(401);
    const of = lines.filter(({ requestId }) => requestId === id);
    expect(of.at(-1)).toMatchObject({
      level: 30,
      msg: 'request',
      method: 'POST',
      route: '/api/v1/auth/login',
      status: 401,
    });
    expect(of.at(-1)?.ms).toBeGreaterThan(0);
    await get('/api/v1/events?limit=no', { 'x-request-id': id });
    // What the dispatcher says of it is a line of the request, too.
    expect(lines.filter(({ requestId }) => requestId === id).map(({ msg }) => msg)).toContain('refused');
    expect(texts.join('')).not.toMatch(/hush|made\.up\.token|hunter2|somebody@example/);
  });

  test('[FACE-5] two requests at once do not get each other’s id', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `at-once-${i}`);
    await Promise.all(
      ids.map((id, i) => get(`/api/v1/events?limit=${i === 0 ? 'no' : i}`, { 'x-request-id': id })),
    );
    for (const id of ids) {
      expect(lines.filter((line) => line.requestId === id && line.msg === 'request')).toHaveLength(1);
    }
    const refused = lines.filter((line) => line.msg === 'refused' && line.requestId?.startsWith('at-once'));
    expect(refused.map(({ requestId }) => requestId)).toEqual(['at-once-0']);
  });

  test('[FACE-5] a path that is nowhere, and a method that is none, have few names in the log', async () => {
    await get(`/somebody@example.com/${nobody}`);
    await rawHttp(port, 'BREW /api/v1/events HTTP/1.1\r\nHost: hub\r\n\r\n', 300);
    const found = lines
      .filter(({ msg }) => msg === 'request')
      .map(({ method, route }) => `${method} ${route}`);
    expect(found).toContain('GET (nowhere)');
    expect(found).toContain('(other) /api/v1/events');
    expect(texts.join('')).not.toContain('BREW');
  });
});

describe('paths and methods', () => {
  const expectProblem = async (answer: Response, status: number, code: string) => {
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const body = (await answer.json()) as Problem;
    expect(body).toMatchObject({ status, code });
    return body;
  };

  test('[FACE-1] nothing is at a path that is nowhere, and it is called so', async () => {
    const body = await expectProblem(await get('/api/v1/nothing'), 404, 'path-not-found');
    expect(body.title).toBe('There is nothing at this path.');
  });

  test.each([
    ['double slashes', '//api/v1/events'],
    ['double slashes within', '/api//v1/events'],
    ['dots', '/api/v1/x/../events'],
    ['encoded dots', '/api/v1/x/%2e%2E/events'],
    ['a dot', '/api/v1/./events'],
    ['an encoded dot', '/api/v1/%2e/events'],
    ['an encoded slash', '/api/v1%2fevents'],
    ['a slash encoded twice', '/api/v1%252fevents'],
    ['a backslash', '/api/v1\\events'],
    ['an encoded backslash', '/api/v1%5Cevents'],
    ['an encoded zero', '/api/v1/events%00'],
    ['an encoded line end', '/api/v1/events%0d%0aX-Evil:%201'],
    ['a broken escape', '/api/v1/events/%zz'],
    ['half an escape', '/api/v1/events/%4'],
    ['bytes that are no text', '/api/v1/events/%ff%fe'],
    ['a parameter of the path', '/api/v1/events;x=1'],
    ['other letters', '/API/v1/Events'],
    ['a suffix', '/api/v1/events.json'],
    ['metrics behind dots', '/assets/%2e%2e/metrics'],
    ['metrics behind a slash', '//metrics'],
  ])('[FACE-2] a path with %s leads nowhere', async (_what, path) => {
    const answer = await rawHttp(port, `GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`, 300);
    expect(statuses(answer)).toEqual([404]);
    expect(answer).toContain('"path-not-found"');
    expect(answer).not.toMatch(/^x-evil/im);
  });

  test.each(['TRACE', 'CONNECT', 'PROPFIND', 'get', 'PoST', 'DELETE', 'PATCH'])(
    '[FACE-2] the method %s is answered with those there are',
    async (method) => {
      const answer = await rawHttp(
        port,
        `${method} /api/v1/events HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n`,
        300,
      );
      expect(statuses(answer)).toEqual([405]);
      expect(answer).toMatch(/^allow: GET, HEAD, OPTIONS, POST\r$/im);
      expect(answer).toContain('"method-not-allowed"');
    },
  );

  test('[FACE-2] OPTIONS names the methods of a path and of a page', async () => {
    for (const [path, allowed] of [
      ['/api/v1/events', 'GET, HEAD, OPTIONS, POST'],
      [`/api/v1/events/${nobody}`, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
      ['/api/v1/auth/login', 'OPTIONS, POST'],
      ['/', 'GET, HEAD, OPTIONS'],
      ['/health/ready', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const answer = await get(path, {}, 'OPTIONS');
      expect(answer.status, path).toBe(204);
      expect(answer.headers.get('allow'), path).toBe(allowed);
      expect(answer.headers.get('content-length')).toBeNull();
    }
    await expectProblem(await get('/nothing', {}, 'OPTIONS'), 404, 'path-not-found');
  });

  test('[FACE-1] a plain request where sockets are, and one that takes a connection over, is a problem, too', async () => {
    for (const [path, headers] of [
      ['/socket.io/?EIO=4&transport=polling', {}],
      [
        '/socket.io/?EIO=4&transport=websocket&sid=abc',
        { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-key': 'x3JJHMbDL1EzLkh9GBhXDw==' },
      ],
    ] as const) {
      const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const answer = await rawHttp(port, `GET ${path} HTTP/1.1\r\nHost: hub\r\n${head.join('')}\r\n`, 300);
      expect(statuses(answer)).toEqual([400]);
      expect(answer).toContain('application/problem+json');
      expect(answer).toContain('"invalid-request"');
    }
  });
});

describe('CORS', () => {
  const preflight = (path: string, origin: string, method = 'POST') =>
    get(
      path,
      { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' },
      'OPTIONS',
    );

  test('[FACE-3] a page of an allowed origin may send what the route takes', async () => {
    const answer = await preflight('/api/v1/events', shop);
    expect(answer.status).toBe(204);
    const of = (name: string) => answer.headers.get(`access-control-${name}`);
    expect(of('allow-origin')).toBe(shop);
    expect(of('allow-methods')).toBe('GET, HEAD, OPTIONS, POST');
    expect(of('allow-headers')).toBe(
      'Authorization, Content-Type, Idempotency-Key, If-None-Match, Traceparent, X-Request-Id',
    );
    expect(of('max-age')).toBe('600');
    // Tokens are sent by hand; with credentials allowed, cookies of a proxy would go along.
    expect(of('allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  test('[FACE-3] and read the answer, also a refusal, with the headers that matter', async () => {
    for (const path of ['/api/v1/events', '/api/v1/bookings', '/nothing']) {
      const answer = await get(path, { origin: shop });
      expect(answer.headers.get('access-control-allow-origin'), path).toBe(shop);
      expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  test.each([
    'https://evil.example',
    'null',
    'http://tickets.example',
    'https://tickets.example:444',
    `${shop}.evil.example`,
    `${shop},https://evil.example`,
    '*',
  ])('[FACE-3] a page of %s may neither', async (origin) => {
    for (const answer of [
      await preflight('/api/v1/events', origin),
      await get('/api/v1/events', { origin }),
    ]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });
});

describe('headers for browsers', () => {
  test('[FACE-4] every answer has them, whatever it is', async () => {
    for (const path of [
      '/',
      '/api/v1/events',
      '/nothing',
      '/health/live',
      '/assets/client/client.ts',
      '/docs/http',
    ]) {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('x-frame-options'), path).toBe('DENY');
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy'), path).not.toContain('unsafe');
      expect(headers.get('permissions-policy'), path).toContain('geolocation=()');
      expect(headers.get('referrer-policy'), path).toMatch(/^(no-referrer|same-origin)$/);
    }
  });

  test('[FACE-4] behind TLS, and only there, browsers are told to stay with it', async () => {
    const over = async (proto: string) =>
      (await get('/', { 'x-forwarded-proto': proto })).headers.get('strict-transport-security');
    expect(await over('https')).toBe('max-age=31536000');
    expect(await over('http')).toBeNull();
    // The last one is that of our own proxy.
    expect(await over('https, http')).toBeNull();
    const direct = await startTestHubs(1);
    const answer = await fetch(node(direct).url, { headers: { 'x-forwarded-proto': 'https' } });
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });
});

describe('bodies that do not come', () => {
  const sockets: ReturnType<typeof connect>[] = [];
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
  });
  const head = (id: string, more: string) =>
    `POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nX-Request-Id: ${id}\r\nContent-Type: application/json\r\n${more}\r\n`;

  test.each([
    ['of which nothing comes', 'slow-1', 'Content-Length: 100\r\n', ''],
    ['that drips', 'slow-2', 'Content-Length: 100\r\n', ' '],
    ['that drips in chunks', 'slow-3', 'Transfer-Encoding: chunked\r\n', '1\r\n \r\n'],
  ])('[FACE-6] a body %s is refused in time, and its connection closed', async (_what, id, more, drip) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let answer = '';
    let isClosed = false;
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        isClosed = true;
      });
    socket.write(head(id, more));
    const dripping = setInterval(() => drip && socket.writable && socket.write(drip), 50);
    await until(() => answer !== '', 'an answer');
    clearInterval(dripping);
    expect(statuses(answer)).toEqual([408]);
    expect(answer).toContain('"request-timeout"');
    await until(() => isClosed, 'the connection to be closed');
    expect(lines.find(({ requestId }) => requestId === id)).toMatchObject({ status: 408 });
  });

  test('[FACE-6] 200 slow bodies keep nobody else waiting', async () => {
    const answers: string[] = [];
    for (let i = 0; i < 200; i++) {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(head(`many-${i}`, 'Content-Length: 100\r\n')),
      );
      socket.on('error', () => undefined).on('data', (chunk) => answers.push(chunk.toString()));
      sockets.push(socket);
    }
    expect((await get('/api/v1/events')).status).toBe(200);
    await until(() => answers.length >= 200, 'all of them to be refused');
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 408'))).toBe(true);
  });

  test('[FACE-6] a request that is broken off is noted as such', async () => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head('broken-off', 'Content-Length: 100\r\n')}{"email"`, () => socket.destroy());
    });
    await until(() => lines.some(({ requestId }) => requestId === 'broken-off'), 'a line about it');
    expect(lines.find(({ requestId }) => requestId === 'broken-off')).toMatchObject({ status: 499 });
  });
});
