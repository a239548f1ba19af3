import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { book, nobody, node, send } from '../channels/support.ts';
import { joined, rawHttp } from '../socket/raw.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { readExposition, total } from './exposition.ts';

const hubs = await startTestHubs(1);
const hub = node(hubs);
const scrape = async () => {
  const response = await fetch(`${hub.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return readExposition(await response.text());
};

describe('the numbers', () => {
  test('[METRIC-1] move as things are done, by as much as was done', async () => {
    const eventId = await hubs.event();
    const [buyer, rival] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user())];
    await rival.watching(eventId);
    const before = await scrape();
    const told = rival.next('seats:changed');
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [1, 2], requestId: requestId() });
    await told;
    await rival.expectDenied('seats:hold', { eventId, seats: [2], requestId: requestId() }, 'seats-taken');
    await buyer.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
    await book(buyer, eventId, [3]);
    await book(buyer, eventId, [4]);
    await send(hub, 'events:list', { limit: 1 });
    await fetch(`${hub.url}/api/v1/nothing`);
    const after = await scrape();
    const grown = (name: string, labels?: Record<string, string>) =>
      total(after, `seatcast_${name}`, labels) - total(before, `seatcast_${name}`, labels);
    expect(grown('holds_total')).toBe(3);
    expect(grown('hold_conflicts_total')).toBe(1);
    expect(grown('releases_total')).toBe(1);
    expect(grown('confirms_total')).toBe(2);
    expect(grown('bookings_total')).toBe(2);
    expect(grown('confirm_batch_holds_total')).toBe(2);
    expect(grown('message_seconds_count', { message: 'seats:hold' })).toBe(4);
    expect(grown('message_seconds_count', { message: 'bookings:confirm' })).toBe(2);
    expect(grown('refusals_total', { code: 'seats-taken' })).toBe(1);
    expect(grown('frames_sent_total', { kind: 'answer' })).toBe(7);
    expect(grown('frames_sent_total', { kind: 'tell' })).toBeGreaterThanOrEqual(1);
    expect(grown('sent_bytes_total', { kind: 'answer' })).toBeGreaterThan(7 * 20);
    const http = (status: string, route: string) =>
      grown('http_request_seconds_count', { method: 'GET', status, route });
    expect(http('200', '/api/v1/events')).toBe(1);
    expect(http('404', '(nowhere)')).toBe(1);
    expect(total(after, 'seatcast_sockets')).toBe(2);
    expect(total(after, 'seatcast_viewers')).toBe(1);
    expect(total(after, 'seatcast_rooms')).toBe(3);
    expect(total(after, 'seatcast_redis_up')).toBe(1);
    expect(total(after, 'seatcast_redis_connections')).toBe(3);
  });

  test('[METRIC-1] agree with the database: bookings, and what waits', async () => {
    const [{ count } = { count: -1 }] = await hubs.sql<{ count: number }>(
      'select count(*)::int as count from bookings',
    );
    const found = await scrape();
    expect(total(found, 'seatcast_bookings_total')).toBe(count);
    await hubs.nodes[0]?.engine.outbox.stop();
    await hubs.sql(
      `insert into outbox (topic, key, payload, due_at)
       select 'nothing', i::text, '{}', now() - interval '90 seconds' from generate_series(1, 3) as i`,
    );
    await until(
      async () => total(await scrape(), 'seatcast_outbox_length') >= 3,
      'the backlog to be looked at',
    );
    expect(total(await scrape(), 'seatcast_outbox_lag_seconds')).toBeGreaterThan(80);
    await hubs.sql('delete from outbox');
  });

  test('[METRIC-1] memory, garbage collection and the event loop are there', async () => {
    const found = await scrape();
    for (const name of [
      'process_resident_memory_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_gc_duration_seconds',
      'seatcast_event_loop_late_seconds',
      'seatcast_postgresql_connections',
      'seatcast_audit_backlog',
      'seatcast_reconciler_mends_total',
      'seatcast_saga_steps',
      'seatcast_slow_readers',
    ]) {
      expect([...found.keys()]).toContain(name);
    }
  });
});

describe('labels', () => {
  test('[METRIC-2] are of our lists, whatever clients send', async () => {
    const names = (families: Awaited<ReturnType<typeof scrape>>) =>
      new Set(
        [...families.values()].flatMap(({ samples }) =>
          samples.map(({ name, labels }) => name + JSON.stringify(labels)),
        ),
      );
    const canary = 'canary-7f0c9d52';
    const visit = async (round: number) => {
      const socket = await joined(hub.url);
      await socket.ask(`${canary}-${round}:hold`, {});
      await socket.ask('seats:watch', { eventId: nobody });
      socket.close();
      await fetch(`${hub.url}/${canary}-${round}`);
      await fetch(`${hub.url}/api/v1/events/${canary}-${round}?${canary}=${round}`);
      await rawHttp(
        hub.port,
        `${canary.toUpperCase().replace(/\W/g, '')}${round} / HTTP/1.1\r\nHost: hub\r\n\r\n`,
        200,
      );
      await fetch(`${hub.url}/api/v1/events`, {
        headers: { origin: `https://${canary}.example`, 'x-request-id': canary },
      });
    };
    for (const round of [1, 2]) await visit(round);
    const before = names(await scrape());
    for (let round = 3; round < 20; round++) await visit(round);
    const after = names(await scrape());
    // What the node does by itself may be new.
    const asked = /^seatcast_(message|http|refusals|rate|guard|disconnects)/;
    expect([...after].filter((name) => asked.test(name) && !before.has(name))).toEqual([]);
    expect([...after].join('\n').toLowerCase()).not.toContain('canary');
  });
});

describe('who may read them', () => {
  test('[METRIC-2] with a token, only who has it', async () => {
    const token = 'a-token-of-more-than-16';
    const guarded = await startTestHubs(1, { metricsToken: token });
    const read = (authorization?: string) =>
      fetch(`${node(guarded).url}/metrics`, { headers: authorization ? { authorization } : {} });
    for (const wrong of [
      undefined,
      'Bearer',
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      token,
    ]) {
      const answer = await read(wrong);
      expect(answer.status, wrong).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await read(`Bearer ${token}`)).status).toBe(200);
  });

  test('[METRIC-2] in production, without a token, there is nothing there', async () => {
    const { mode } = readConfig({ NODE_ENV: 'test' });
    expect(mode).toBe('test');
    const production = await startTestHubs(1, { mode: 'production' });
    for (const path of ['/metrics', '/metrics/', '//metrics', '/%6detrics']) {
      expect((await fetch(node(production).url + path)).status, path).toBe(404);
    }
  });
});
