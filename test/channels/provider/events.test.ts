import { expect, test } from 'vitest';
import type { ProviderRun } from '../../../src/contracts.gen.ts';
import { entry, feedOf, runAfter, send, startFeedServer, sync } from '../../provider/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

test('[PROV-1] admins see what is gone as well, and when each event was seen first and last', async () => {
  const both = feedOf(entry({ id: '001', title: 'a' }), entry({ id: '1', title: 'b' }));
  const server = await startFeedServer(send(200, both));
  const { url } = server;
  const provider = { url, intervalMs: 86_400_000, timeZone: 'UTC', allowedNetworks: ['127.0.0.1/32'] };
  const hubs = await startTestHubs(1, { provider });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  server.answer = send(200, feedOf(entry({ id: '1', title: 'b', mode: 'offline' })));
  const second = await sync(hubs, admin);

  const list = async (filter: { inFeed?: boolean; limit?: number; cursor?: string } = {}) =>
    call(node(hubs), 'provider:events', filter, admin);
  const { events } = await list();
  const [a, b] = ['a', 'b'].map((title) => events.find((each) => each.title === title));
  const common = { baseId: '1', startsAt: '2030-05-01T20:00:00.000Z' };
  expect(a).toMatchObject({ ...common, entryId: '001', online: true, inFeed: false });
  expect(b).toMatchObject({ ...common, entryId: '1', online: false, inFeed: true });
  expect(events).toHaveLength(2);
  const isDuring = (run: ProviderRun, at = '') => at >= run.startedAt && at <= (run.endedAt ?? '');
  // One was seen in the first feed alone, the other in both.
  expect([isDuring(first, a?.firstSeenAt), isDuring(first, a?.lastSeenAt)]).toEqual([true, true]);
  expect([isDuring(first, b?.firstSeenAt), isDuring(second, b?.lastSeenAt)]).toEqual([true, true]);

  expect((await list({ inFeed: true })).events).toEqual([b]);
  expect((await list({ inFeed: false })).events).toEqual([a]);
  const page = await list({ limit: 1 });
  expect(page.nextCursor).not.toBeNull();
  const rest = await list({ limit: 1, cursor: page.nextCursor ?? '' });
  expect([...page.events, ...rest.events]).toEqual(events);
  expect(rest.nextCursor).toBeNull();
  await expectRefused(node(hubs), 'provider:events', { cursor: 'nonsense' }, admin, 'cursor-invalid');
});
