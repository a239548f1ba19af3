import { describe, expect, test } from 'vitest';
import { faultOfJson } from '../../src/http/fault-of-json.ts';
import { nobody, node, type Problem } from '../channels/support.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const hub = node(hubs);
const someone = await hubs.user();
const organizer = await hubs.user('organizer');
const admin = await hubs.user('admin');

interface Sent {
  method?: string;
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  user?: { token: string };
}

async function ask(path: string, { method = 'GET', body, headers = {}, user }: Sent = {}) {
  const response = await fetch(hub.url + path, {
    method,
    body: body ?? null,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(user ? { authorization: `Bearer ${user.token}` } : {}),
      ...headers,
    },
  });
  return { status: response.status, headers: response.headers, problem: (await response.json()) as Problem };
}
const login = (body: string | Uint8Array<ArrayBuffer>, headers = {}) =>
  ask('/api/v1/auth/login', { method: 'POST', body, headers });

describe('[GUARD-1] what a refusal says', () => {
  test.each([
    ['/api/v1/events?q=a&q=b', 'q: may be given once.'],
    ['/api/v1/events/not-an-id', /^eventId: must be: a UUID made by the server .*[^.]\.$/],
    ['/api/v1/events?status=open', /^status: must be one of draft, published, /],
    [
      '/api/v1/search?starts_at=2021-06-01&ends_at=2021-07-01T00:00',
      /^starts_at: must be: ISO 8601, e\.g\. 2021-06-30T/,
    ],
    [
      '/api/v1/search?starts_at=2021-07-01T00:00&ends_at=2021-06-01T00:00',
      'ends_at: must not be before starts_at.',
    ],
  ])('%s', async (path, said) => {
    const { status, problem } = await ask(path);
    expect(status).toBe(400);
    expect(problem.detail).toMatch(
      said instanceof RegExp ? said : new RegExp(`^${said.replaceAll('.', '\\.')}$`),
    );
    expect(problem.detail).toBe(problem.message);
  });

  test('a day that there is not, and a range that ends before it begins', async () => {
    const of = (query: string) => ask(`/api/v1/analytics/summary?${query}`, { user: organizer });
    expect((await of('from=2026-02-30')).problem.detail).toBe(
      'from: must be a day that there is, YYYY-MM-DD.',
    );
    const turned = await of('from=2026-03-02&to=2026-03-01');
    expect(turned.problem.detail).toBe('to: must not be before `from`.');
  });

  test('a change without anything to change names what could be', async () => {
    const user = admin;
    const nothing = { method: 'PATCH', body: '{}', user };
    const events = await ask(`/api/v1/events/${nobody}`, {
      ...nothing,
      headers: { 'idempotency-key': requestId() },
    });
    expect(events.status).toBe(400);
    expect(events.problem.detail).toMatch(/something to change, at least one of .*title/);
    const users = await ask(`/api/v1/admin/users/${someone.id}`, nothing);
    expect(users.status).toBe(400);
    expect(users.problem.detail).toMatch(/at least one of role, disabled\.$/);
  });

  test('every field that is wrong is listed, the first as ever', async () => {
    const { problem } = await ask('/api/v1/auth/register', {
      method: 'POST',
      body: JSON.stringify({ email: 'nobody', name: '', pets: 2 }),
    });
    const errors = problem.details?.errors as { field: string; allowed: string }[];
    expect(errors.map(({ field }) => field).sort()).toEqual(['email', 'name', 'password', 'pets']);
    expect(errors).toContainEqual({ field: 'password', allowed: 'is required' });
    expect(errors).toContainEqual({
      field: 'email',
      allowed: 'must be: an e-mail address, such as somebody@example.org',
    });
    expect(problem.details).toMatchObject(errors.find(({ field }) => field === problem.details?.field) ?? {});
  });

  test('of a long request only the first is looked for, and of many at most twenty are listed', async () => {
    const fields = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, i])));
    expect((await login(fields(100))).problem.details?.errors).toHaveLength(20);
    expect((await login(fields(5000))).problem.details).not.toHaveProperty('errors');
  });

  test('drafts need mine=true, and a token first', async () => {
    const drafts = '/api/v1/events?status=draft';
    expect((await ask(drafts)).status).toBe(401);
    const { status, problem } = await ask(drafts, { user: organizer });
    expect(status).toBe(403);
    expect(problem.detail).toMatch(/^mine: must be true with status=draft/);
  });
});

describe('bodies', () => {
  test.each([
    ['{"email": "a@b.c",}', 'line 1, character 19'],
    ['{\n  "email": x\n}', 'line 2, character 12'],
    ['{"email": "a', 'ends too early'],
  ])('400: %j is no JSON, and it is said where', async (body, said) => {
    const { status, problem } = await login(body);
    expect(status).toBe(400);
    expect(problem.detail).toContain('(the body): must be JSON');
    expect(problem.detail).toContain(said);
  });

  test('400: what is no UTF-8 is not kept as something else', async () => {
    const body = new Uint8Array(Buffer.from('{"email":"caf\xe9@example.org","password":"x"}', 'latin1'));
    const { status, problem } = await login(body);
    expect(status).toBe(400);
    expect(problem.detail).toBe('(the body): must be UTF-8.');
  });

  test('415: a packed body', async () => {
    const { status, problem } = await login('{}', { 'content-encoding': 'gzip' });
    expect(status).toBe(415);
    expect(problem.detail).toMatch(/Content-Encoding/);
  });

  test('the place of a fault is that of its first character, whatever the fault', () => {
    expect(['[1 2]', '{"a" 1}', 'nul', 'nulx', '01', '"a\nb"', '[1,]', '[]', '-'].map(faultOfJson)).toEqual([
      3,
      5,
      3,
      3,
      1,
      2,
      3,
      undefined,
      1,
    ]);
  });
});

test('a plus that was not escaped is read as one, in lists as in searches', async () => {
  const moment = '2026-01-01T00:00:00';
  for (const zone of ['+01:00', '%2B01:00', 'Z'])
    expect((await ask(`/api/v1/events?from=${moment}${zone}`)).status, zone).toBe(200);
  expect((await ask(`/api/v1/events?from=${moment}`)).status).toBe(400);
});

test('201: Location says where the thing is read', async () => {
  const address = { street: 'Plein 1', city: 'Gent', postalCode: '9000', country: 'BE' };
  const body = JSON.stringify({ name: 'Opera', address, timeZone: 'Europe/Brussels' });
  const made = await ask('/api/v1/venues', {
    method: 'POST',
    body,
    user: organizer,
    headers: { 'idempotency-key': requestId() },
  });
  expect(made.status, JSON.stringify(made.problem)).toBe(201);
  const location = made.headers.get('location') ?? '';
  expect(await ask(location, { user: organizer })).toMatchObject({ status: 200, problem: { name: 'Opera' } });
});

test('/docs offers both references; documents are not sent twice', async () => {
  const index = await (await fetch(`${hub.url}/docs`)).text();
  for (const path of ['/docs/http', '/docs/sockets']) expect(index).toContain(`href="${path}"`);
  const { headers } = await fetch(`${hub.url}/openapi.json`);
  const again = await fetch(`${hub.url}/openapi.json`, {
    headers: { 'if-none-match': headers.get('etag') ?? '' },
  });
  expect(again.status).toBe(304);
});
