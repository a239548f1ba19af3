/** Who is signed in, and who no longer, while Redis refuses what is written to it or is away. */
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import type { Readiness } from '../../src/health/health.ts';
import { signUp } from '../channels/accounts.ts';
import { call, expectRefused } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

const redis = await ownRedis();
const hubs = await startTestHubs(2, { redisTimeoutMs: 500 }, { redisUrl: redis.url });
const [one, two] = hubs.nodes as [Hub, Hub];
const direct = new Redis(redis.url, { lazyConnect: true });
direct.on('error', () => undefined);
afterAll(() => direct.disconnect());

const readiness = async () => (await (await fetch(`${one.url}/health/ready`)).json()) as Readiness;

test('[AUTH-8] [HEALTH-1] a full Redis: who signs out is out, and the node says what is wrong', async () => {
  const [gone, kept] = [await signUp(hubs), await signUp(hubs)];
  await call(two, 'me:read', {}, gone);
  await direct.config('SET', 'maxmemory', '1');
  try {
    await call(one, 'auth:logout', {}, gone);
    for (const hub of [one, two]) {
      await expectRefused(hub, 'me:read', {}, gone, 'unauthenticated');
      await call(hub, 'me:read', {}, kept);
    }
    await until(async () => !(await readiness()).redis, 'the node to notice');
    const { ok, wrong } = await readiness();
    expect({ ok, wrong }).toEqual({ ok: false, wrong: ['Redis refuses to be written to: it may be full.'] });
  } finally {
    await direct.config('SET', 'maxmemory', '0');
  }
  await two.engine.sessions.ended.look();
  expect(await direct.get(one.keys.revoked(gone.sessionId))).toBe('1');
  await until(async () => (await readiness()).ok, 'the node to be ready again');
  await until(async () => {
    await call(one, 'me:read', {}, kept);
    return (await direct.get(one.keys.revokedRun)) !== null;
  }, 'the list to be complete again');
  await expectRefused(one, 'me:read', {}, gone, 'unauthenticated');
});

test('[AUTH-8] without Redis a token is answered, and one whose session has ended is refused', async () => {
  const [gone, kept] = [await signUp(hubs), await signUp(hubs)];
  await call(one, 'auth:logout', {}, gone);
  await redis.kill();
  await until(() => !one.links.available && !two.links.available, 'the nodes to notice');
  try {
    for (const hub of [one, two]) {
      expect(await call(hub, 'bookings:list', {}, kept)).toMatchObject({ bookings: [] });
      await call(hub, 'events:list', {}, kept);
      await expectRefused(hub, 'events:list', {}, gone, 'unauthenticated');
    }
    await call(one, 'auth:logout', {}, kept);
    await expectRefused(two, 'events:list', {}, kept, 'unauthenticated');
  } finally {
    await redis.start();
  }
});
