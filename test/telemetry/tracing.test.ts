import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { node } from '../channels/support.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { keptLog } from '../support/log-lines.ts';
import { freePort } from '../../src/services/processes.ts';
import { type CollectedSpan, startCollector } from './collector.ts';

const collector = await startCollector();
const { log, lines } = keptLog();
const hubs = await startTestHubs(1, { traces: { endpoint: collector.url, ratio: 1 } }, { log });
const { url } = node(hubs);

const spansOf = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
/** The names of the spans below one, in the order of the alphabet. */
const below = (parent: CollectedSpan) =>
  spansOf(parent.traceId)
    .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
    .map(({ name }) => name)
    .sort();
async function spanNamed(name: string, traceId?: string): Promise<CollectedSpan> {
  const find = () =>
    collector.spans.find((span) => span.name === name && (traceId === undefined || span.traceId === traceId));
  await until(() => find() !== undefined, `a span ${name}`);
  return find() as CollectedSpan;
}

describe('a trace', () => {
  test('[TRACE-1] leads from a message on a socket to its script, and to its statement', async () => {
    const eventId = await hubs.event();
    const buyer = await hubs.connect(await hubs.user());
    await buyer.watching(eventId);
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [7], requestId: requestId() });
    await buyer.request('bookings:confirm', { eventId, holdId: hold.holdId, requestId: requestId() });
    const held = await spanNamed('seats:hold');
    expect(held.parentSpanId ?? '').toBe('');
    expect(held.kind).toBe(2);
    expect(below(held)).toContain('redis hold-seats');
    const confirmed = await spanNamed('bookings:confirm');
    await spanNamed('postgresql confirm-holds', confirmed.traceId);
    expect(below(confirmed)).toEqual(
      expect.arrayContaining(['postgresql confirm-holds', 'redis begin-confirm']),
    );
    expect(collector.services).toContain('seatcast');
  });

  test('[TRACE-1] goes on from the caller’s, over HTTP, and its id is in the log', async () => {
    const [traceId, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    const headers = { traceparent: `00-${traceId}-${parent}-01`, 'x-request-id': 'traced' };
    await fetch(`${url}/api/v1/events?limit=no`, { headers });
    const request = await spanNamed('GET /api/v1/events', traceId);
    expect(request.parentSpanId).toBe(parent);
    expect(request.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 400 } });
    expect(below(request)).toEqual(['events:list']);
    const of = lines.filter(({ requestId: id }) => id === 'traced');
    expect(of.length).toBeGreaterThan(1);
    for (const line of of) expect(line.traceId).toBe(traceId);
  });

  test.each([
    ['none', ''],
    ['garbage', 'x'.repeat(500)],
    ['another version', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['an id of noughts', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['capitals', `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`],
  ])('[TRACE-1] with a traceparent that is %s begins anew', async (what, traceparent) => {
    const id = `anew ${what}`.replaceAll(' ', '-');
    await fetch(`${url}/health/live`, { headers: { traceparent, 'x-request-id': id } });
    const line = lines.find(({ requestId: of }) => of === id);
    expect(line?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(line?.traceId).not.toBe('a'.repeat(32));
    await spanNamed('GET /health/live', line?.traceId);
  });

  test('[TRACE-1] that the caller does not want is not sent', async () => {
    const traceId = 'c'.repeat(32);
    await fetch(`${url}/health/live`, { headers: { traceparent: `00-${traceId}-${'d'.repeat(16)}-00` } });
    await fetch(`${url}/health/live`, {
      headers: { traceparent: `00-${'e'.repeat(32)}-${'d'.repeat(16)}-01` },
    });
    await spanNamed('GET /health/live', 'e'.repeat(32));
    expect(spansOf(traceId)).toEqual([]);
  });

  test('[TRACE-1] names nobody, and nothing that was asked for', async () => {
    const email = 'canary.person@example.com';
    const body = JSON.stringify({ email, password: 'canary-password', name: 'Canary Person' });
    const headers = { 'content-type': 'application/json', 'x-request-id': 'canary-request' };
    const answer = await fetch(`${url}/api/v1/auth/register?canary-query=1`, {
      method: 'POST',
      headers,
      body,
    });
    const { user, token } = (await answer.json()) as { user?: { id: string }; token?: string };
    await fetch(`${url}/api/v1/events/canary-path`, { headers: { authorization: `Bearer ${token}` } });
    await spanNamed('GET /api/v1/events/:eventId');
    const all = collector.bodies.join('\n').toLowerCase();
    expect(all).not.toContain('canary');
    expect(all).not.toContain(String(user?.id));
    expect(all).not.toContain('127.0.0.1');
    for (const { attributes } of collector.spans) {
      for (const { key } of attributes)
        expect([
          'seatcast.message',
          'http.request.method',
          'http.route',
          'http.response.status_code',
          'db.system.name',
        ]).toContain(key);
    }
  });

  test('[TRACE-1] says by its status what went wrong', async () => {
    const eventId = await hubs.event();
    const buyer = await hubs.connect(await hubs.user());
    await buyer.expectDenied(
      'seats:release',
      { eventId, holdId: 'A'.repeat(22), requestId: requestId() },
      'hold-not-found',
    );
    const span = await spanNamed('seats:release');
    expect(span.status).toEqual({ code: 2, message: 'hold-not-found' });
  });
});

describe('a collector', () => {
  test('[TRACE-2] that is away ends nothing and keeps nobody waiting, also at the end', async () => {
    const away = await startTestHubs(1, {
      traces: { endpoint: `http://127.0.0.1:${await freePort()}`, ratio: 1 },
    });
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => fetch(`${node(away).url}/api/v1/health/info`)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await away.stop();
  });

  test('[TRACE-2] that nobody named: nothing of OpenTelemetry is loaded', () => {
    const program = `
      import '${new URL('../../src/hub.ts', import.meta.url).href}';
      import { createRequire, registerHooks } from 'node:module';
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      // Few enough for the pipe to take them before the process is gone.
      const telling = [...loaded, ...globalThis.seen].filter((each) => /telemetry/.test(each));
      console.log(JSON.stringify(telling));
      process.exit(0);`;
    const hooks = `
      import { registerHooks } from 'node:module';
      globalThis.seen = [];
      registerHooks({ load(url, context, next) { globalThis.seen.push(url); return next(url, context); } });`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        `--import=data:text/javascript,${encodeURIComponent(hooks)}`,
        '--input-type=module',
        '-e',
        program,
      ],
      { encoding: 'utf8' },
    );
    const modules = JSON.parse(stdout.trim() || `"${stderr}"`) as string[];
    expect(modules.some((each) => each.endsWith('/src/telemetry/tracing.ts'))).toBe(true);
    // Its interfaces come along with prom-client, and do nothing by themselves.
    const loaded = modules.filter((each) => /opentelemetry(?!\/api\/)/.test(each));
    expect(loaded).toEqual([]);
  });
});
