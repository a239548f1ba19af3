import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { expectHonestService } from '../socket/honest.ts';
import { abandon, rawHttp, statuses } from '../socket/raw.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs();
const { url, port } = hubs.nodes[0] as Hub;
// The long bodies are made in this process as well.
expectHonestService(hubs, { growthMb: 400 });

const json = { 'content-type': 'application/json' };
const credentials = JSON.stringify({ email: 'nobody@example.com', password: 'a long password' });
const login = (body: string, headers: Record<string, string> = json) =>
  fetch(`${url}/api/v1/auth/login`, { method: 'POST', body, headers });

/** Expects problem+json with the code, and nothing in it of how we are made. */
async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(JSON.parse(text)).toMatchObject({ status, code });
  expect(text).not.toMatch(
    /\bat .+:\d+|node_modules|\/work\/|\.ts\b|select |insert |postgres|redis|mikro|syntaxerror/i,
  );
}

test.each([64 * 1024 + 1, 1_000_000])('[GUARD-1] a body of %i bytes is too large', async (bytes) => {
  await expectProblem(await login('x'.repeat(bytes)), 413, 'payload-too-large');
});

test('[GUARD-1] a body of 64 KB is read', async () => {
  const body = credentials.padEnd(64 * 1024, ' ');
  await expectProblem(await login(body), 401, 'wrong-credentials');
});

test('[GUARD-1] a chunked body is cut off at the same limit, whatever it says of itself', async () => {
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n`;
  const answer = await rawHttp(
    port,
    `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(6)}0\r\n\r\n`,
    700,
  );
  expect(statuses(answer)).toEqual([413]);
});

test('[GUARD-1] a plan of 1 MB is read from an organizer and from nobody else', async () => {
  const send = (headers: Record<string, string>) =>
    fetch(`${url}/api/v1/seating-plans`, { method: 'POST', headers: { ...json, ...headers }, body });
  const body = JSON.stringify({ plan: 'x'.repeat(1_000_000) });
  await expectProblem(await send({}), 413, 'payload-too-large');
  await expectProblem(await send({ authorization: 'Bearer made-up' }), 401, 'unauthenticated');
  const { token } = await hubs.user('organizer');
  expect((await send({ authorization: `Bearer ${token}` })).status).toBe(422);
});

test('[GUARD-1] a long body is not read on for a token that is none', async () => {
  const head =
    'POST /api/v1/seating-plans HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n' +
    'Authorization: Bearer made-up\r\nContent-Length: 16000000\r\n\r\n';
  const answers: string[] = [];
  const sender = connect(port, '127.0.0.1', () => sender.write(head + ' '.repeat(1000)));
  sender.on('error', () => undefined).on('data', (chunk) => answers.push(chunk.toString()));
  await until(() => answers.length > 0, 'a refusal, long before the body is there');
  expect(answers[0]).toMatch(/^HTTP\/1.1 401/);
  sender.destroy();
});

test('[GUARD-1] long bodies that are never finished do not fill the memory, nor keep others out for long', async () => {
  const { token } = await hubs.user('organizer');
  const head =
    'POST /api/v1/seating-plans HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n' +
    `Authorization: Bearer ${token}\r\nContent-Length: 16000000\r\n\r\n`;
  const half = Buffer.concat([Buffer.from(head), Buffer.alloc(8_000_000, 0x20)]);
  const answers: string[] = [];
  const senders = Array.from({ length: 20 }, () => {
    const sender = connect(port, '127.0.0.1', () => sender.write(half));
    return sender.on('error', () => undefined).on('data', (chunk) => answers.push(chunk.toString()));
  });
  await until(() => answers.length > 0, 'a refusal');
  expect(answers[0]).toMatch(/^HTTP\/1.1 503/);
  for (const sender of senders) sender.destroy();
  await expectProblem(await login(credentials), 401, 'wrong-credentials');
  const headers = { ...json, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ plan: 'x'.repeat(1_000_000) });
  const answer = await fetch(`${url}/api/v1/seating-plans`, { method: 'POST', headers, body });
  expect(answer.status).toBe(422);
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json; charset=utf-16',
  'application/json; charset=utf-7',
  'application/jsonp',
  'text/json',
  'text/plain, application/json',
  '',
])('[GUARD-1] the content type "%s" is refused', async (type) => {
  await expectProblem(await login(credentials, { 'content-type': type }), 415, 'unsupported-media-type');
});

test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"'])(
  '[GUARD-1] the content type %s is read',
  async (type) => {
    await expectProblem(await login(credentials, { 'content-type': type }), 401, 'wrong-credentials');
  },
);

test.each([
  ['cut off', '{"email":'],
  ['an array', '[]'],
  ['a string', '"email"'],
  ['null', 'null'],
  ['two documents', '{}{}'],
  ['a byte-order mark and zeros', '\u0000{}'],
  ['nested 30,000 deep', '['.repeat(30_000) + ']'.repeat(30_000)],
  ['objects nested 10,000 deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['a deep field', `{"email":${'['.repeat(30_000)}${']'.repeat(30_000)},"password":"a long password"}`],
  ['a __proto__ key', '{"__proto__":{"role":"admin"},"email":"a@example.com","password":"a long password"}'],
  ['an operator', '{"email":{"$ne":null},"password":{"$ne":null}}'],
  ['a zero in the password', '{"email":"a@example.com","password":"a long\\u0000password"}'],
  ['a password of 60 KB', JSON.stringify({ email: 'a@example.com', password: 'p'.repeat(60_000) })],
])('[GUARD-1] a body that is %s is refused with the reason', async (_what, body) => {
  await expectProblem(await login(body), 400, 'invalid-request');
});

test('[GUARD-1] nobody registers as more than a user', async () => {
  const more = { email: 'eve@example.com', password: 'a long password', name: 'Eve', role: 'admin' };
  const body = JSON.stringify(more);
  const answer = await fetch(`${url}/api/v1/auth/register`, { method: 'POST', headers: json, body });
  await expectProblem(answer, 400, 'invalid-request');
});

test.each([
  ['PUT', '/api/v1/auth/login', 'OPTIONS, POST'],
  ['GET', '/api/v1/auth/login', 'OPTIONS, POST'],
  ['HEAD', '/api/v1/auth/login', 'OPTIONS, POST'],
  ['DELETE', '/api/v1/bookings', 'GET, HEAD, OPTIONS, POST'],
  ['PATCH', '/api/v1/events', 'GET, HEAD, OPTIONS, POST'],
])('[GUARD-1] %s %s is answered with the methods there are', async (method, path, allowed) => {
  const answer = await fetch(`${url}${path}`, { method });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allowed);
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});

test('[GUARD-1] HEAD is answered like GET, without the body', async () => {
  const [get, head] = [
    await fetch(`${url}/api/v1/events`),
    await fetch(`${url}/api/v1/events`, { method: 'HEAD' }),
  ];
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
});

test('[GUARD-2] 200 requests that are broken off at every moment do no harm', async () => {
  const requests = [
    'GET /api/v1/events HTTP/1.1\r\nHost: hub\r\n\r\n',
    'GET /openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n',
    `POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: ${credentials.length}\r\n\r\n${credentials}`,
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000\r\n\r\n{"email"',
    'GET /health/ready HTTP/1.1\r\nHost: hub\r\n\r\n',
  ];
  await Promise.all(Array.from({ length: 200 }, (_, i) => abandon(port, requests[i % 5] as string, i % 9)));
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
});
