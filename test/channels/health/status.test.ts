import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { ownRedis } from '../../support/redis.ts';
import { until } from '../../support/client.ts';
import { call, node } from '../support.ts';

const redis = await ownRedis();
const hubs = await startTestHubs(1, {}, { redisUrl: redis.url });

test('[HEALTH-2] anybody is told whether the service is up, and which part is not', async () => {
  const well = { redis: true, postgresql: true, eventLoop: true, outbox: true };
  const { version, ...status } = await call(node(hubs), 'health:status', {});
  expect(status).toEqual({ up: true, parts: well });
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  await redis.kill();
  await until(() => !node(hubs).links.available, 'the node to notice');
  expect(await call(node(hubs), 'health:status', {})).toMatchObject({
    up: false,
    parts: { ...well, redis: false },
  });
  await redis.start();
  await until(() => node(hubs).links.available, 'Redis to be back');
  expect((await call(node(hubs), 'health:status', {})).up).toBe(true);
});
