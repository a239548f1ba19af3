/** Several nodes, one provider; and Redis, without which nobody knows whose turn it is. */
import { expect, test } from 'vitest';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';
import {
  entry,
  everything,
  feedOf,
  limitsOf,
  runAfter,
  send,
  startFeedServer,
  statusOf,
  sync,
} from './support.ts';

const settings = { intervalMs: 86_400_000, timeZone: 'Europe/Madrid', allowedNetworks: ['127.0.0.0/8'] };

test('[PROV-8] however many nodes there are, one syncs, and one at a time', async () => {
  const server = await startFeedServer();
  let [now, most] = [0, 0];
  server.answer = (_request, response) => {
    most = Math.max(most, ++now);
    // Long enough for others to come in between.
    setTimeout(() => {
      now--;
      response.end(feedOf(entry()));
    }, 50);
  };
  const hubs = await startTestHubs(3, { provider: { ...settings, url: server.url } });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  // Asked for everywhere at once: one that is under way, and one that waits.
  for (let i = 0; i < 3; i++) {
    await Promise.all([0, 1, 2].map((each) => call(node(hubs, each), 'provider:sync', {}, admin)));
  }
  await runAfter(hubs, admin, Number(first.id));
  expect(await sync(hubs, admin)).toMatchObject({ state: 'applied' });
  await until(async () => {
    const { runs } = await statusOf(hubs, admin);
    return runs.every(({ state }) => state === 'applied');
  }, 'all syncs to end');
  const { runs } = await statusOf(hubs, admin);
  expect(most).toBe(1);
  expect(runs.filter(({ askedBy }) => askedBy === null)).toHaveLength(1);
  expect(server.asked).toBe(runs.length);
  expect(runs.length).toBeLessThan(12);
});

test('[PROV-8] a sync that comes too late changes nothing', async () => {
  const server = await startFeedServer(send(200, feedOf(entry({ title: 'Old' }))));
  const hubs = await startTestHubs(1, { provider: { ...settings, url: server.url } });
  const admin = await hubs.user('admin');
  await runAfter(hubs, admin, 0);
  // A node that was frozen over its sync, while another went on and finished later ones.
  await hubs.sql('update provider_state set applied_run = 1000000');
  server.answer = send(200, feedOf(entry({ title: 'From the past' })));
  expect(await sync(hubs, admin)).toMatchObject({ state: 'failed', code: 'superseded' });
  expect((await everything(hubs)).map(({ title }) => title)).toEqual(['Old']);
});

test('[PROV-8] a sync whose node died is ended by the next, and the oldest are forgotten', async () => {
  const server = await startFeedServer();
  const hubs = await startTestHubs(1, { provider: { ...settings, url: server.url } });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  await hubs.sql(
    "insert into provider_runs (state, started_at) values ('running', now() - interval '1 hour')",
  );
  await sync(hubs, admin);
  const { runs } = await statusOf(hubs, admin);
  expect(runs.map(({ state, code }) => [state, code])).toEqual([
    ['applied', null],
    ['failed', 'stopped'],
    ['applied', null],
  ]);
  await hubs.sql('alter table provider_runs alter column id restart with 2000');
  await sync(hubs, admin);
  await sync(hubs, admin);
  const left = (await statusOf(hubs, admin)).runs.map(({ id }) => id);
  expect(left).not.toContain(first.id);
  expect(left).toContain('2000');
});

test('[PROV-8] Redis may be away: no node ends, searches go on, and syncs do when it is back, with nothing left', async () => {
  const redis = await ownRedis();
  const server = await startFeedServer();
  const provider = { ...settings, url: server.url };
  const hubs = await startTestHubs(2, { provider }, { redisUrl: redis.url });
  const admin = await hubs.user('admin');
  const first = await runAfter(hubs, admin, 0);
  await redis.kill();
  const { links } = node(hubs);
  await until(() => !links.available, 'the node to notice');
  expect(await everything(hubs)).toHaveLength(1);
  // Nobody can be asked for a sync, and that it was tried is not in the log.
  const asked = await fetch(`${node(hubs).url}/api/v1/admin/provider/sync`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.token}` },
  });
  expect(asked.status).toBe(503);
  redis.wipe();
  await redis.revive();
  await until(() => links.available, 'the node to be connected again');
  // The new Redis knew nothing of the schedule.
  await runAfter(hubs, admin, Number(first.id));
  expect((await statusOf(hubs, admin)).nextRunAt).not.toBeNull();
  expect(await sync(hubs, admin)).toMatchObject({ state: 'applied' });
  const asks = await hubs.sql("select from audit where action = 'provider-sync-asked'");
  expect(asks).toHaveLength(1);
});

test('[PROV-8] a node stops in the middle of a sync, and while Redis is frozen or away', async () => {
  const redis = await ownRedis();
  const server = await startFeedServer(() => undefined);
  const provider = { ...settings, url: server.url };
  const feed = limitsOf({ answerMs: 600_000 });
  const hubs = await startTestHubs(3, { provider, patience: { feed } }, { redisUrl: redis.url });
  await until(() => server.asked === 1, 'a sync to be under way');
  const [one, two, three] = hubs.nodes.splice(0);
  await one?.stop();
  redis.freeze();
  await two?.stop();
  await redis.kill();
  await three?.stop();
  const runs = await hubs.sql<{ state: string; code: string }>('select state, code from provider_runs');
  expect(runs[0]).toEqual({ state: 'failed', code: 'stopped' });
});

test('[PROV-7] without a word in the configuration a provider on this machine is refused', async () => {
  const server = await startFeedServer();
  const hubs = await startTestHubs(1, { provider: { ...settings, allowedNetworks: [], url: server.url } });
  const run = await runAfter(hubs, await hubs.user('admin'), 0);
  expect(run).toMatchObject({ state: 'failed', code: 'address-refused', attempts: 1 });
  expect(server.connections).toBe(0);
});
