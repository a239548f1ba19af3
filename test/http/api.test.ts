import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadContracts } from '../../src/contracts.ts';
import { eventStatus } from '../../src/http/event-status.ts';
import { call, nobody, node, organizerOf, type Problem } from '../channels/support.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs, testPlan } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const hub = node(hubs);
const get = (path: string, headers: Record<string, string> = {}) => fetch(hub.url + path, { headers });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(hub.url + path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const bearer = (user: { token: string }) => ({ authorization: `Bearer ${user.token}` });
const problemOf = async (response: Response) => (await response.json()) as Problem;

describe('problems', () => {
  test('have a type that leads to the documentation, a title, the status, and the error as on sockets', async () => {
    const response = await get(`/api/v1/events/${nobody}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await problemOf(response)).toEqual({
      type: '/docs/http#error-event-not-found',
      title: 'There is no such event.',
      status: 404,
      detail: 'There is no such event.',
      code: 'event-not-found',
      message: 'There is no such event.',
      retry: 'never',
    });
    const docs = await (await get('/docs/http')).text();
    expect(docs).toContain('id="error-event-not-found"');
  });

  test('404: nothing is at a path that is nowhere', async () => {
    for (const path of ['/api/v1/nothing', '/nothing', '/assets/nothing.js', '/api']) {
      const response = await get(path);
      expect(response.status, path).toBe(404);
      expect((await problemOf(response)).code).toBe('path-not-found');
    }
  });

  test('405: names the methods that a path knows', async () => {
    for (const method of ['DELETE', 'PUT', 'PATCH']) {
      const response = await fetch(`${hub.url}/api/v1/events`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
      expect((await problemOf(response)).code).toBe('method-not-allowed');
    }
  });

  test('401: no token, one that is none of ours, and another scheme', async () => {
    for (const authorization of [undefined, 'Bearer x.y.z', 'Bearer', 'Basic YTpi', '']) {
      const response = await get('/api/v1/bookings', authorization === undefined ? {} : { authorization });
      expect(response.status, authorization).toBe(401);
      const sentOne = authorization === 'Bearer x.y.z';
      expect(response.headers.get('www-authenticate')).toBe(
        sentOne ? 'Bearer error="invalid_token"' : 'Bearer',
      );
    }
  });

  test('401: a bad token is refused even where none is needed', async () => {
    expect((await get('/api/v1/events', { authorization: 'Bearer x.y.z' })).status).toBe(401);
  });

  test('400: a body that is no JSON object', async () => {
    for (const body of ['{', '[]', 'null', '7', '"text"']) {
      const response = await post('/api/v1/auth/login', body);
      expect(response.status, body).toBe(400);
      expect(await problemOf(response)).toMatchObject({
        code: 'invalid-request',
        details: { field: '(the body)' },
      });
    }
  });

  test('413: a body beyond 64 KB', async () => {
    const response = await post('/api/v1/auth/login', JSON.stringify({ email: 'x'.repeat(65 * 1024) }));
    expect(response.status).toBe(413);
    expect((await problemOf(response)).details).toEqual({ maxBytes: 64 * 1024 });
  });

  test('415: a body that is not said to be JSON in UTF-8', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
    ]) {
      const response = await post('/api/v1/auth/login', '{}', { 'content-type': type });
      expect(response.status, type).toBe(415);
    }
    const response = await post('/api/v1/auth/login', '{}', {
      'content-type': 'application/json; charset=UTF-8',
    });
    expect(response.status).toBe(400);
  });

  test('429: says after how many seconds to come back', async () => {
    const tight = await startTestHubs(1, { addressMessagesPerSecond: 5 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${node(tight).url}/api/v1/events`)),
    );
    const refused = answers.filter((response) => response.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await problemOf(refused[0] as Response)).toMatchObject({ code: 'rate-limited', retry: 'later' });
  });
});

describe('requests', () => {
  test('201 for what is made, 200 for the rest, kept by no cache', async () => {
    const organizer = await hubs.user('organizer');
    const response = await post('/api/v1/seating-plans', JSON.stringify(testPlan(3)), bearer(organizer));
    expect(response.status).toBe(201);
    const list = await get('/api/v1/seating-plans', bearer(organizer));
    expect(list.status).toBe(200);
    expect(list.headers.get('cache-control')).toBe('no-store');
  });

  test('query parameters are read as the numbers and booleans the contract wants', async () => {
    const organizer = await hubs.user('organizer');
    expect((await get('/api/v1/events?limit=2&mine=true', bearer(organizer))).status).toBe(200);
    const faults = [
      ['limit=two', 'limit'],
      ['limit=2.5', 'limit'],
      ['limit=', 'limit'],
      ['limit=1e1', 'limit'],
      ['limit=101', 'limit'],
      ['mine=yes', 'mine'],
      ['mine=1', 'mine'],
      ['limit=1&limit=2', 'limit'],
      ['__proto__=x&constructor=y', 'constructor'],
    ] as const;
    for (const [query, field] of faults) {
      const response = await get(`/api/v1/events?${query}`);
      expect(response.status, query).toBe(400);
      expect((await problemOf(response)).details, query).toMatchObject({ field });
    }
  });

  test('a name that is in the path may not be in the body as well', async () => {
    const eventId = await hubs.event({ publish: false });
    const organizer = await organizerOf(hubs, eventId);
    const path = `/api/v1/events/${eventId}/publish`;
    const response = await post(path, JSON.stringify({ eventId: nobody }), bearer(organizer));
    expect(response.status).toBe(400);
    expect((await problemOf(response)).details).toEqual({
      field: 'eventId',
      allowed: 'is given by the path',
    });
    expect((await post(path, '', bearer(organizer))).status).toBe(200);
  });

  test('a HEAD has the status and headers of its GET, and no body', async () => {
    for (const path of ['/api/v1/events', '/api/v1/events?limit=no', '/', '/health/live']) {
      const [head, full] = [await fetch(hub.url + path, { method: 'HEAD' }), await get(path)];
      expect(head.status, path).toBe(full.status);
      expect(head.headers.get('content-type')).toBe(full.headers.get('content-type'));
      expect(await head.text()).toBe('');
    }
  });

  test('a cursor leads from page to page', async () => {
    const user = await hubs.user();
    const client = await hubs.connect(user);
    const eventId = await hubs.event();
    const made: string[] = [];
    for (const seat of [1, 2, 3]) {
      const { hold } = await client.request('seats:hold', { eventId, seats: [seat], requestId: requestId() });
      made.unshift((await client.confirm(eventId, hold.holdId)).id);
    }
    const first = await call(hub, 'bookings:list', { limit: 2 }, user);
    const second = await call(hub, 'bookings:list', { limit: 2, cursor: first.nextCursor ?? '' }, user);
    expect([...first.bookings, ...second.bookings].map((booking) => booking.id)).toEqual(made);
    expect(second.nextCursor).toBeNull();
  });

  test('every route of a contract is there', async () => {
    for (const { name, http } of loadContracts().asks.values()) {
      if (!http) continue;
      const path = http.path.replace(/:\w+/g, nobody);
      const response = await fetch(hub.url + path, { method: http.method });
      const code = response.ok ? 'ok' : (await problemOf(response)).code;
      expect(['path-not-found', 'method-not-allowed', 'internal'], name).not.toContain(code);
    }
  });
});

describe('pages and their files', () => {
  const own = ['/', '/bookings', '/analytics', '/waitlist', '/screens', '/kiosk', `/events/${nobody}`];
  const pages = [...own, '/docs/sockets', '/docs/http'];

  test.each(pages)('%s loads only what is ours', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(path.includes(nobody) ? 404 : 200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await response.text();
    const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)];
    for (const [, inline = ''] of scripts) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(inline).digest('base64')}'`);
    }
    expect(html).not.toMatch(/<[^>]+\son\w+=|<style|\sstyle="/);
  });

  test('every page begins with what all pages begin with', async () => {
    for (const path of own) {
      const html = await (await get(path)).text();
      expect(html.match(/<meta charset="utf-8" \/>/g), path).toHaveLength(1);
      expect(html.match(/name="viewport"/g), path).toHaveLength(1);
      expect(html.match(/<script type="importmap">/g), path).toHaveLength(1);
      expect(html.indexOf('importmap'), path).toBeLessThan(html.indexOf('type="module"'));
      expect(html, path).not.toContain('<!--');
      // A screen on a wall is added to nobody's home screen.
      expect(html.includes('rel="manifest"'), path).toBe(path !== '/kiosk');
    }
  });

  test('the pages can be added to a home screen: a manifest, and icons of the sizes it says', async () => {
    const response = await get('/assets/pages/seatcast.webmanifest');
    expect(response.headers.get('content-type')).toBe('application/manifest+json');
    const { icons, ...manifest } = (await response.json()) as Record<string, string> & {
      icons: { src: string; sizes: string; type: string }[];
    };
    expect(manifest).toMatchObject({ name: 'Seatcast', start_url: '/', display: 'standalone' });
    const pngs = icons.filter(({ type }) => type === 'image/png');
    expect(pngs.map(({ sizes }) => sizes)).toEqual(['192x192', '512x512', '512x512']);
    for (const { src, sizes } of pngs) {
      const png = Buffer.from(await (await get(`/assets/pages/${src}`)).arrayBuffer());
      expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, src).toBe(sizes);
    }
    expect((await get('/')).headers.get('content-security-policy')).toContain("manifest-src 'self'");
  });

  test('the page of an event that is none, or that not everybody may see, is 404, and the same page', async () => {
    const eventId = await hubs.event();
    const there = await get(`/events/${eventId}`);
    expect(there.status).toBe(200);
    const html = await there.text();
    const draft = await hubs.event({ publish: false });
    for (const id of [nobody, draft, 'of-no-such-form', eventId.toUpperCase(), `${eventId}x`]) {
      const none = await get(`/events/${id}`);
      expect(none.status, id).toBe(404);
      expect(await none.text()).toBe(html);
      expect(none.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
    await hubs.sql("update events set status = 'cancelled' where id = $1", [eventId]);
    await hub.engine.eventChanged(eventId);
    expect((await get(`/events/${eventId}`)).status).toBe(200);
  });

  test('while PostgreSQL does not answer, the page of an event is there, two ask for it, and nobody waits for long', async () => {
    const eventId = await hubs.event();
    const refusing = eventStatus({ isPublic: () => Promise.reject(new Error('connection refused')) });
    expect(await refusing(eventId)).toBe(200);
    let looks = 0;
    const hanging = eventStatus({
      isPublic: () => {
        looks++;
        return new Promise(() => undefined);
      },
    });
    expect(await Promise.all(Array.from({ length: 50 }, () => hanging(eventId)))).toEqual(
      Array(50).fill(200),
    );
    expect(looks).toBe(2);
    expect(await hanging('of-no-such-form')).toBe(404);
  });

  test('whoever asks for the page of an event has nothing of it read that is kept', async () => {
    const eventId = await hubs.event();
    const { events } = hub.engine;
    events.forget(eventId);
    expect((await get(`/events/${eventId}`)).status).toBe(200);
    await hubs.sql("update events set currency = 'CHF' where id = $1", [eventId]);
    expect((await events.agedCard(eventId))?.currency).toBe('CHF');
  });

  test('every file that a page names is there, and so is every file those import', async () => {
    const seen = new Set<string>();
    const open = async (path: string, from: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const response = await get(path);
      expect(response.status, `${path}, named by ${from}`).toBe(200);
      if (!path.endsWith('.ts')) return;
      const source = await response.text();
      for (const [, name = ''] of source.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+)['"]/g)) {
        await open(new URL(name, hub.url + path).pathname, path);
      }
    };
    for (const page of pages) {
      const html = await (await get(page)).text();
      for (const [, path = ''] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) await open(path, page);
      for (const [, path = ''] of html.matchAll(/":\s*"(\/assets\/[^"]+)"/g)) await open(path, page);
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  test('a file that has not changed is 304', async () => {
    const first = await get('/assets/client/client.ts');
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const again = await get('/assets/client/client.ts', { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect((await get('/assets/client/client.ts', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('no file but those of the pages leaves the disk', async () => {
    for (const path of [
      '/assets/session.ts',
      '/assets/config.ts',
      '/assets/pages/../session.ts',
      '/assets/..%2f..%2fpackage.json',
      '/assets/pages/%2e%2e/session.ts',
      '/package.json',
      '/.env',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });

  test('a seating plan may be kept for ever', async () => {
    const organizer = await hubs.user('organizer');
    const { id } = await call(hub, 'plans:import', testPlan(3), organizer);
    const response = await get(`/api/v1/seating-plans/${id}`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const missing = await get(`/api/v1/seating-plans/${nobody}`);
    expect(missing.headers.get('cache-control')).toBe('no-store');
  });

  test.each(['/asyncapi.json', '/openapi.json'])('%s is JSON', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Object.keys((await response.json()) as object)).toContain(
      path === '/openapi.json' ? 'openapi' : 'asyncapi',
    );
  });
});

describe('health', () => {
  test('live while the process answers, ready while it has what it needs', async () => {
    expect(await (await get('/health/live')).json()).toEqual({ ok: true });
    const ready = await get('/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.headers.get('cache-control')).toBe('no-store');
    expect(await ready.json()).toEqual({
      ok: true,
      serving: true,
      redis: true,
      postgresql: true,
      eventLoop: true,
      outbox: true,
    });
  });
});
