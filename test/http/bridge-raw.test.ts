import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { expectHonestService } from '../socket/honest.ts';
import { rawHttp, statuses } from '../socket/raw.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs();
const { url, port } = hubs.nodes[0] as Hub;
expectHonestService(hubs);

const smuggled = 'GET /health/live HTTP/1.1\r\nHost: hub\r\n\r\n';
const post = (headers: string, body: string) =>
  `POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;

// A proxy in front and we must agree where a request ends. Whatever is not clear gets no second answer.
test.each([
  [
    'a length and chunks',
    post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
  ],
  [
    'chunks and a length',
    post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${smuggled}`),
  ],
  ['two lengths', post('Content-Length: 2\r\nContent-Length: 40\r\n', `{}${smuggled}`)],
  ['two lengths in one line', post('Content-Length: 2, 40\r\n', `{}${smuggled}`)],
  ['a negative length', post('Content-Length: -1\r\n', smuggled)],
  ['a length with a sign', post('Content-Length: +2\r\n', `{}${smuggled}`)],
  ['a length in hex', post('Content-Length: 0x2\r\n', `{}${smuggled}`)],
  ['a length of 30 digits', post(`Content-Length: ${'9'.repeat(30)}\r\n`, '{}')],
  ['an unknown coding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`)],
  ['a blank before the colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`)],
  ['a folded header', post('X-A: b\r\n Transfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`)],
  ['a chunk size with a sign', post('Transfer-Encoding: chunked\r\n', `+2\r\n{}\r\n0\r\n\r\n${smuggled}`)],
  ['a chunk size of 20 digits', post('Transfer-Encoding: chunked\r\n', `${'f'.repeat(20)}\r\n{}\r\n`)],
  ['a bare line feed', post('Transfer-Encoding: chunked\n', `0\r\n\r\n${smuggled}`)],
  ['a zero byte in a header', post('X-A: \0\r\nContent-Length: 2\r\n', `{}${smuggled}`)],
  ['no host', 'GET /health/live HTTP/1.1\r\n\r\n'],
  ['an unknown version', 'GET /health/live HTTP/9.9\r\nHost: hub\r\n\r\n'],
  ['no request line', '\r\n\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['SSH', 'SSH-2.0-OpenSSH_9.0\r\n'],
  ['Redis', '*1\r\n$4\r\nPING\r\n'],
  ['10,000 bytes of nothing', '\0'.repeat(10_000)],
  ['64 KB of headers', `GET / HTTP/1.1\r\nHost: hub\r\nX-A: ${'a'.repeat(65_000)}\r\n\r\n`],
  ['500 headers', `GET / HTTP/1.1\r\nHost: hub\r\n${'X-A: a\r\n'.repeat(500)}\r\n`],
])('[GUARD-2] a request with %s gets no second answer and no success', async (_what, bytes) => {
  const found = statuses(await rawHttp(port, Buffer.from(bytes, 'latin1'), 400));
  expect(found.length).toBeLessThanOrEqual(1);
  if (found.length > 0) expect(found[0]).toBeGreaterThanOrEqual(400);
});

test.each([
  ['a fragment', '/health/live#x'],
  ['an absolute address', 'http://evil.example/health/live'],
  ['two slashes', '//evil.example/health/live'],
  ['dots', '/assets/../../package.json'],
  ['encoded dots', '/assets/%2e%2e/%2e%2e/package.json'],
  ['encoded slashes', '/assets/..%2f..%2fpackage.json'],
  ['encoded twice', '/assets/%252e%252e%252fpackage.json'],
  ['backslashes', '/assets/..\\..\\package.json'],
  ['an overlong encoding', '/assets/%c0%ae%c0%ae/package.json'],
  ['a zero', '/assets/client/client.ts%00.js'],
  ['a source that is not for browsers', '/assets/session.ts'],
  ['a broken escape', '/api/v1/events/%zz'],
  ['a lone surrogate', '/api/v1/events/%ed%a0%80'],
  ['10 KB', `/${'a'.repeat(3000)}`],
  ['an asterisk', '*'],
])('[GUARD-2] a path with %s leads nowhere', async (_what, path) => {
  const answer = await rawHttp(port, `GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`, 300);
  expect(answer).not.toMatch(/"dependencies"|SignJWT|jwtVerify/);
  const [status = 400] = statuses(answer);
  expect(path.includes('health/live') ? [200, 400, 404, 505] : [400, 404, 414, 431, 505]).toContain(status);
});

test.each(['TRACE', 'CONNECT', 'PROPFIND', 'get', 'GET\0', 'A'.repeat(100)])(
  '[GUARD-2] the method %s is not carried out',
  async (method) => {
    const answer = await rawHttp(
      port,
      `${method} /api/v1/bookings HTTP/1.1\r\nHost: hub\r\nCookie: secret=1\r\n\r\n`,
      300,
    );
    for (const status of statuses(answer)) expect([400, 401, 404, 405, 501, 505]).toContain(status);
    expect(answer).not.toContain('secret=1');
  },
);

test.each([
  ['twice', 'limit=1&limit=2'],
  ['as an array', 'limit[]=1'],
  ['as an object', 'limit[$gt]=1'],
  ['as a number with an exponent', 'limit=1e2'],
  ['in hex', 'limit=0x10'],
  ['with a blank', 'limit=%201'],
  ['with a line end', 'limit=1%0d%0aX-Evil:%201'],
  ['of 16 digits', 'limit=9999999999999999'],
  ['named constructor', 'constructor=1'],
  ['with a broken escape', 'limit=%zz'],
])('[GUARD-1] a parameter %s is refused', async (_what, query) => {
  const answer = await rawHttp(port, `GET /api/v1/events?${query} HTTP/1.1\r\nHost: hub\r\n\r\n`, 300);
  expect(statuses(answer)).toEqual([400]);
  expect(answer).not.toMatch(/^x-evil/im);
});

test('[GUARD-1] what a client sends comes back in no header and in no page as markup', async () => {
  const evil = 'evil.example"><script>alert(1)</script>';
  for (const path of [
    '/docs/http',
    '/docs/sockets',
    '/openapi.json',
    '/asyncapi.json',
    '/nothing"><script>',
  ]) {
    const answer = await rawHttp(port, `GET ${path} HTTP/1.1\r\nHost: ${evil}\r\n\r\n`, 800);
    if (path.startsWith('/docs') || path.startsWith('/nothing'))
      expect(answer, path).not.toContain('<script>alert(1)');
    expect(answer.split('\r\n\r\n')[0], path).not.toContain('evil');
  }
});

test('[GUARD-2] many requests on one connection get their answers in order, or the connection closes', async () => {
  const requests = ['/health/live', '/api/v1/events', '/nothing', '/health/live'];
  const bytes = requests.map((path) => `GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`).join('');
  const found = statuses(await rawHttp(port, bytes, 600));
  expect([200, 200, 404, 200].slice(0, found.length)).toEqual(found);
});

test('[GUARD-2] a request whose headers come in byte by byte is answered', async () => {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const line = smuggled.indexOf('\n') + 1;
  socket.write(smuggled.slice(0, line));
  for (const byte of smuggled.slice(line)) {
    socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until(() => answer !== '', 'an answer');
  expect(statuses(answer)).toEqual([200]);
  socket.destroy();
});

test('[AUTH-5] no answer lets a page of another origin read it', async () => {
  for (const path of ['/api/v1/events', '/api/v1/bookings', '/health/live', '/openapi.json', '/nothing']) {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await fetch(`${url}${path}`, { method, headers });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  }
});
