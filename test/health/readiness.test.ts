import { expect, inject, test } from 'vitest';
import type { Readiness } from '../../src/health/health.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy } from '../support/proxy.ts';
import { node } from '../channels/support.ts';

const redisUrl = new URL(inject('redisUrl'));
const redisProxy = await startProxy(Number(redisUrl.port));
redisUrl.port = String(redisProxy.port);
const hubs = await startTestHubs(
  1,
  { readyOutboxLagMs: 60_000, readyLoopLagMs: 300 },
  { redisUrl: redisUrl.href },
);
const ready = async () => {
  const response = await fetch(`${node(hubs).url}/health/ready`);
  return { status: response.status, body: (await response.json()) as Readiness };
};
const wrongNow = async () => (await ready()).body.wrong ?? [];

test('[HEALTH-1] a node that is well is ready, and is not to be remembered as such', async () => {
  await until(async () => (await ready()).status === 200, 'the node to be ready');
  const response = await fetch(`${node(hubs).url}/health/ready`);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({
    ok: true,
    serving: true,
    redis: true,
    postgresql: true,
    eventLoop: true,
    outbox: true,
  });
});

test('[HEALTH-1] without Redis it is not, and says so; it lives on', async () => {
  redisProxy.cut();
  await until(async () => (await wrongNow()).length > 0, 'the node to notice');
  const { status, body } = await ready();
  expect(status).toBe(503);
  expect(body).toMatchObject({
    ok: false,
    redis: false,
    postgresql: true,
    wrong: ['Redis does not answer.'],
  });
  expect((await fetch(`${node(hubs).url}/health/live`)).status).toBe(200);
  redisProxy.mend();
  await until(async () => (await ready()).status === 200, 'the node to be ready again');
});

test('[HEALTH-1] an outbox that nobody works on makes it unready; a row that fails again and again does not', async () => {
  // A topic that nobody works on is put off each time: late is only what nobody has tried.
  await hubs.sql(
    `insert into outbox (topic, key, payload, due_at) values ('nothing', 'a', '{}', now() - interval '1 second')`,
  );
  await hubs.sql(
    `insert into outbox (topic, key, payload, due_at) values ('nothing', 'a', '{}', now() - interval '1 hour')`,
  );
  const { outbox } = node(hubs).engine;
  await until(() => outbox.counts.failed > 0, 'the row to fail');
  const backlog = await node(hubs).engine.db.run(
    (await import('../../src/database/health-statements.ts')).readBacklog,
  );
  expect(backlog[0]?.outbox).toBe(2);
  expect(backlog[0]?.outbox_late_ms).toBeLessThan(60_000);
  await outbox.stop();
  await hubs.sql(`update outbox set due_at = now() - interval '1 hour' where sent_at is null`);
  await until(async () => (await wrongNow()).length > 0, 'the node to notice');
  const { status, body } = await ready();
  expect(status).toBe(503);
  expect(body).toMatchObject({ outbox: false, redis: true });
  expect(body.wrong?.[0]).toMatch(/^The outbox is 36\d\d s late; at most 60 is well\.$/);
  await hubs.sql('delete from outbox');
  await until(async () => (await ready()).status === 200, 'the node to be ready again');
});

test('[HEALTH-1] an event loop that is held up makes it unready until it runs again', async () => {
  const end = performance.now() + 1500;
  while (performance.now() < end);
  await until(
    async () => (await wrongNow()).some((each) => each.startsWith('The event loop is')),
    'it to be told',
  );
  await until(async () => (await ready()).status === 200, 'the node to be ready again');
});
