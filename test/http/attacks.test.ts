import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, inject, test } from 'vitest';
import { loadContracts, sharedTypes } from '../../src/contracts.ts';
import { errors } from '../../src/errors.ts';
import { isPlainPath } from '../../src/http/paths.ts';
import { nobody, node, type Problem } from '../channels/support.ts';
import { expectHonestService } from '../socket/honest.ts';
import { rawHttp, statuses } from '../socket/raw.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { keptLog } from '../support/log-lines.ts';
import { startProxy } from '../support/proxy.ts';

const { log, lines, texts } = keptLog();
const hubs = await startTestHubs(1, {}, { log });
const { url, port } = node(hubs);
expectHonestService(hubs);

const ours =
  /\bat .+:\d+:\d+|node_modules|\/work\/|\/tmp\/|\.(ts|lua|sql)\b|select |insert |postgres|ioredis|mikro|econn|evalsha|users_/i;

describe('what an error tells', () => {
  test('[FACE-1] is the same short text for every fault on our side, and the log has the cause', async () => {
    const proxy = await startProxy(Number(new URL(inject('databaseUrl')).port));
    const through = new URL(inject('databaseUrl'));
    through.port = String(proxy.port);
    const { log: own, lines: ownLines } = keptLog();
    const away = await startTestHubs(1, {}, { databaseUrl: through.href, log: own });
    const { token } = await away.user();
    proxy.cut();
    for (const [path, headers] of [
      ['/api/v1/events', {}],
      [`/api/v1/events/${nobody}`, {}],
      ['/api/v1/bookings', { authorization: `Bearer ${token}` }],
    ] as const) {
      const answer = await fetch(node(away).url + path, { headers });
      const text = await answer.text();
      expect(answer.status, text).toBe(503);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect((JSON.parse(text) as Problem).code).toBe('try-later');
      expect(text).not.toMatch(ours);
    }
    expect(ownLines.some(({ err }) => err !== undefined)).toBe(true);
    proxy.mend();
    await until(async () => (await fetch(`${node(away).url}/api/v1/events`)).ok, 'PostgreSQL to be back');
  });

  test('[FACE-1] names nothing of how we are made, whatever is asked for', async () => {
    const odd = [
      "'",
      '"',
      '\\',
      '%27%20or%201=1--',
      '%00',
      '{{7*7}}',
      '#{7*7}',
      '../../etc/passwd',
      nobody,
      '1e309',
    ];
    for (const { http } of loadContracts().asks.values()) {
      if (!http) continue;
      for (const part of odd) {
        const path = http.path.replace(/:\w+/g, encodeURIComponent(part).replaceAll('%25', '%'));
        const body =
          http.method === 'GET' ? null : JSON.stringify({ [part]: part, requestId: part, seats: part });
        const answer = await fetch(`${url}${path}?x=${encodeURIComponent(part)}`, {
          method: http.method,
          body,
          headers: { 'content-type': 'application/json' },
        });
        const text = await answer.text();
        expect(answer.status, `${http.method} ${path}: ${text}`).toBeLessThan(500);
        if (answer.status >= 400) expect(answer.headers.get('content-type')).toBe('application/problem+json');
        if (answer.status >= 400) expect(text).not.toMatch(ours);
      }
    }
    expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  test('[FACE-1] every code has its status, its title and its place in the documentation', async () => {
    const pages = await Promise.all(['http', 'sockets'].map((page) => fetch(`${url}/docs/${page}`)));
    const docs = (await Promise.all(pages.map((page) => page.text()))).join('');
    for (const [code, { status, message }] of Object.entries(errors)) {
      expect(status, code).toBeGreaterThanOrEqual(400);
      expect(message, code).toMatch(/\.$/);
      expect(message, code).not.toMatch(ours);
      expect(docs.includes(`id="error-${code}"`), code).toBe(true);
    }
  });
});

describe('what a header or a line of the log can be made to say', () => {
  test('[FACE-5] line ends in ids, agents and paths make no second line and no second header', async () => {
    const before = texts.length;
    for (const [name, value] of [
      ['X-Request-Id', 'a\\r\\nX-Evil: 1'],
      ['X-Request-Id', 'a%0d%0aX-Evil:%201'],
      ['X-Request-Id', '{"level":60,"msg":"forged"}'],
      ['User-Agent', '\u001b[2Jforged'],
      ['Traceparent', 'forged\tx'],
    ]) {
      const answer = await rawHttp(
        port,
        `GET /api/v1/forged HTTP/1.1\r\nHost: hub\r\n${name}: ${value}\r\n\r\n`,
        300,
      );
      expect(answer).not.toMatch(/^x-evil/im);
      // Some bytes are no header at all, and end the connection.
      for (const status of statuses(answer)) expect([400, 404]).toContain(status);
    }
    const written = texts.slice(before).join('');
    // Their names are those of the route, which is nowhere.
    expect(written).not.toContain('forged');
    expect(written).not.toContain('Evil');
    for (const line of written.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('[FACE-5] a parameter comes back in no header', async () => {
    const answer = await rawHttp(
      port,
      'GET /api/v1/events?cursor=%0d%0aSet-Cookie:%20a=b&limit=1 HTTP/1.1\r\nHost: hub\r\n\r\n',
      300,
    );
    expect(answer.split('\r\n\r\n')[0]).not.toMatch(/set-cookie/i);
  });
});

describe('what takes long to check', () => {
  test('[GUARD-1] contracts compare nothing by data, and stop at the first fault', () => {
    const source = readFileSync(new URL('../../src/contracts.ts', import.meta.url), 'utf8');
    expect(source).not.toMatch(/allErrors: true|\$data: true/);
    const seats = loadContracts().asks.get('seats:hold');
    const many = Array.from({ length: 6000 }, (_, i) => ({ i }));
    const from = performance.now();
    expect(() => seats?.checkRequest({ eventId: nobody, seats: many, requestId: 'request-1' })).toThrow();
    expect(performance.now() - from).toBeLessThan(500);
  });

  test('[GUARD-1] every text and every list of a contract ends somewhere', () => {
    const unbounded: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const schema = value as Record<string, unknown>;
      const isBound = ['maxLength', 'pattern', 'const', 'enum', 'format'].some((key) => key in schema);
      if (schema.type === 'string' && !isBound) unbounded.push(path);
      if (schema.type === 'array' && !('maxItems' in schema)) unbounded.push(path);
      for (const [key, inner] of Object.entries(schema)) look(inner, `${path}.${key}`);
    };
    for (const { name, request } of loadContracts().asks.values()) look(request, name);
    expect(unbounded).toEqual([]);
  });

  /** Patterns that back off are quick to show: each more character takes them as long again. */
  const nasty = ['a', '0', ' ', '-', '\\', '"', '(', 'a.', 'aA0_', '1,', 'x:', '%2', '../'].map((part) =>
    part.repeat(Math.ceil(50_000 / part.length)),
  );
  const patterns = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const own = (value as { pattern?: unknown }).pattern;
    return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(patterns)];
  };
  const inContracts = [
    ...patterns(sharedTypes),
    ...[...loadContracts().asks.values()].flatMap(({ request }) => patterns(request)),
  ];
  const inSources = ['api', 'bridge', 'face', 'paths', 'headers'].flatMap((name) => {
    const source = readFileSync(new URL(`../../src/http/${name}.ts`, import.meta.url), 'utf8');
    return [...source.matchAll(/[(=,] ?\/((?:\\.|\[(?:\\.|[^\]])*\]|[^/\n\\])+)\/[a-z]*[.,;)]/g)].map(
      ([, text = '']) => text,
    );
  });

  test('[GUARD-1] no pattern of ours takes long over 50 KB', () => {
    const all = [...new Set([...inContracts, ...inSources])];
    expect(all.length).toBeGreaterThan(10);
    for (const pattern of all) {
      const matches = new RegExp(pattern, 'u'.repeat(pattern.includes('\\p') ? 1 : 0));
      const from = performance.now();
      for (const text of nasty) for (const end of ['', '!', '\n']) matches.test(text + end);
      // Three dozen texts: one that backs off would take hours.
      expect(performance.now() - from, pattern).toBeLessThan(3000);
    }
    for (const text of nasty) isPlainPath(`/${text}`);
  });

  test('[GUARD-1] formats of ajv take no longer', () => {
    expect(readdirSync(new URL('../../schemas', import.meta.url)).length).toBeGreaterThan(5);
    expect(new Ajv2020().opts.allErrors ?? false).toBe(false);
    const login = loadContracts().asks.get('auth:login');
    for (const email of ['a@'.repeat(25_000), `${'a.'.repeat(25_000)}@x`, `a@${'a-'.repeat(25_000)}`]) {
      const from = performance.now();
      expect(() => login?.checkRequest({ email, password: 'a long password' })).toThrow();
      expect(performance.now() - from).toBeLessThan(1000);
    }
  });
});

describe('bodies', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    fetch(`${url}/api/v1/auth/login`, { method: 'POST', body, headers });

  test('[FACE-1] 10 MB of JSON are not read', async () => {
    const answer = await post('x'.repeat(10_000_000), { 'content-type': 'application/json' }).catch(
      () => undefined,
    );
    // The connection may be gone before all of it is sent.
    if (answer) expect(answer.status).toBe(413);
  });

  test.each([
    ['in UTF-16', Buffer.from('{"email":"a@example.com","password":"a long password"}', 'utf16le'), 400],
    [
      'with a byte order mark',
      Buffer.from('\ufeff{"email":"a@example.com","password":"a long password"}'),
      401,
    ],
    ['in Latin-1', Buffer.from('{"email":"ä@example.com","password":"a long password"}', 'latin1'), 400],
    ['compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 400],
  ])('[FACE-1] a body %s is JSON in UTF-8 or refused', async (_what, bytes, status) => {
    const answer = await post(new Uint8Array(bytes), { 'content-type': 'application/json' });
    const text = await answer.text();
    expect(answer.status, text).toBe(status);
    expect(text).not.toMatch(ours);
  });
});
