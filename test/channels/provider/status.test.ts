import { expect, test } from 'vitest';
import { entry, feedOf, limitsOf, runAfter, send, startFeedServer, sync } from '../../provider/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

test('a hub without a provider says so', async () => {
  const hubs = await startTestHubs(1);
  expect(await call(node(hubs), 'provider:status', {}, await hubs.user('admin'))).toEqual({
    source: { url: null, intervalS: 300, timeZone: 'Europe/Madrid', allowedNetworks: [] },
    events: { known: 0, inFeed: 0 },
    circuit: 'closed',
    nextRunAt: null,
    runs: [],
  });
});

test('[PROV-5] admins see how each sync went, why it failed, and when the next is due', async () => {
  const server = await startFeedServer(send(200, feedOf(entry(), entry({ id: '2', start: 'soon' }))));
  const provider = {
    url: server.url,
    intervalMs: 3_600_000,
    timeZone: 'Europe/Madrid',
    allowedNetworks: ['127.0.0.1/32'],
  };
  const feed = limitsOf({ failuresInARow: 3 });
  const hubs = await startTestHubs(1, { provider, patience: { feed } });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  expect(first).toMatchObject({
    state: 'applied',
    askedBy: null,
    code: null,
    error: null,
    circuit: 'closed',
  });
  expect(first.spoiled).toEqual([
    { baseId: '1', entryId: '2', reason: 'event_start_date is "soon", which is no date and time' },
  ]);
  // Each of the three is cut to whole milliseconds.
  const tookMs = Date.parse(first.endedAt ?? '') - Date.parse(first.startedAt);
  expect(Math.abs(tookMs - (first.durationMs ?? 0))).toBeLessThanOrEqual(1);

  server.answer = send(500);
  const failed = await sync(hubs, admin);
  expect(failed).toMatchObject({
    state: 'failed',
    askedBy: admin.id,
    code: 'unavailable',
    error: 'it answered with status 500',
    attempts: 3,
    counts: null,
    circuit: 'open',
  });
  expect(await sync(hubs, admin)).toMatchObject({ code: 'circuit-open', attempts: 0 });

  const status = await call(node(hubs), 'provider:status', { limit: 2 }, admin);
  expect(status).toMatchObject({ events: { known: 1, inFeed: 1 }, circuit: 'open' });
  expect(status.runs.map(({ code }) => code)).toEqual(['circuit-open', 'unavailable']);
  const due = Date.parse(status.nextRunAt ?? '');
  expect(due).toBeGreaterThan(Date.parse(first.startedAt));
  expect(due).toBeLessThanOrEqual(Date.now() + 3_600_000);
  await expectRefused(node(hubs), 'provider:status', { limit: 0 }, admin, 'invalid-request');
});
