import { inject } from 'vitest';
import { describe, expect, test } from 'vitest';
import { node, type Problem } from '../channels/support.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy } from '../support/proxy.ts';
import { ownRedis } from '../support/redis.ts';

/** Windows of a second end while a test runs: what is counted here fits into a few of them. */
const perSecond = 15;
const burst = 10;
const redis = await ownRedis();
const proxy = await startProxy(Number(new URL(redis.url).port));
const hubs = await startTestHubs(
  2,
  { httpRequestsPerSecond: perSecond, httpBurst: burst, trustProxy: true },
  { redisUrl: proxy.url.replace('http', 'redis') },
);

let lastAddress = 0;
/** An address that nobody has asked from yet. */
const fresh = () => `198.51.100.${++lastAddress}`;
interface Ask {
  path?: string;
  token?: string;
  index?: number;
  method?: string;
}
function ask(address: string, { path = '/api/v1/events', token, index = 0, method = 'GET' }: Ask = {}) {
  const headers: Record<string, string> = { 'x-forwarded-for': address };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return fetch(`${node(hubs, index).url}${path}`, { method, headers });
}
const many = (count: number, one: (i: number) => Promise<Response>) =>
  Promise.all(Array.from({ length: count }, (_, i) => one(i)));
const refusals = (answers: Response[]) => answers.filter(({ status }) => status === 429);

describe('over HTTP', () => {
  test('[LIMIT-1] an address may ask so often on all nodes together, then is told when to come back', async () => {
    const address = fresh();
    const from = performance.now();
    const answers = await many(120, (i) => ask(address, { index: i % 2 }));
    const seconds = Math.ceil((performance.now() - from) / 1000);
    const refused = refusals(answers);
    // Each second that began meanwhile had its own.
    expect(120 - refused.length).toBeLessThanOrEqual((seconds + 1) * perSecond + (seconds + 1) * burst);
    expect(120 - refused.length).toBeGreaterThanOrEqual(perSecond + burst);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(answer.headers.get('ratelimit')).toMatch(/^"read";r=0;t=\d+$/);
    }
    expect((await refused[0]?.json()) as Problem).toMatchObject({
      status: 429,
      code: 'rate-limited',
      retry: 'later',
    });
    expect((await ask(fresh())).status).toBe(200);
  });

  test('[LIMIT-1] every answer says what the policy is, and what is left of it', async () => {
    const address = fresh();
    const answer = await ask(address);
    expect(answer.headers.get('ratelimit-policy')).toBe('"read";q=15;w=1, "read-burst";q=10;w=5');
    expect(answer.headers.get('ratelimit')).toBe('"read";r=14;t=1');
    // Also a refusal for another reason.
    const refused = await ask(address, { path: '/api/v1/bookings' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('ratelimit-policy')).toContain('"read";q=15');
  });

  test('[LIMIT-1] a user is a user, wherever they come from; another one is not kept waiting', async () => {
    const [noisy, quiet] = await hubs.users(2);
    const path = '/api/v1/bookings';
    const address = fresh();
    const answers = await many(100, () => ask(fresh(), { path, token: noisy?.token ?? '' }));
    expect(refusals(answers).length).toBeGreaterThan(0);
    // Not even from the same address.
    expect((await ask(address, { path, token: quiet?.token ?? '' })).status).toBe(200);
  });

  test('[LIMIT-1] a token that is none counts for its address', async () => {
    const address = fresh();
    const answers = await many(100, (i) => ask(address, { token: `made.up.${i}` }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
  });

  test('[LIMIT-1] reading is not paid for by who writes, and what is heavy has less', async () => {
    const address = fresh();
    const writes = await many(100, () => ask(address, { path: '/api/v1/events', method: 'POST' }));
    expect(refusals(writes).length).toBeGreaterThan(0);
    expect((await ask(address)).status).toBe(200);
    const heavy = await ask(address, { path: '/api/v1/seating-plans', method: 'POST' });
    expect(heavy.headers.get('ratelimit-policy')).toBe('"heavy";q=3;w=1, "heavy-burst";q=2;w=5');
  });

  test('[LIMIT-1] pages and what they load are not counted: one page loads forty files', async () => {
    const address = fresh();
    const answers = await many(100, () => ask(address, { path: '/assets/client/client.ts' }));
    expect(refusals(answers)).toEqual([]);
    expect(answers[0]?.headers.get('ratelimit')).toBeNull();
  });

  test('[LIMIT-1] signing in has stricter limits of its own, by account', async () => {
    const body = JSON.stringify({ email: 'nobody@example.com', password: 'a long password' });
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': fresh() };
    const answers = await many(12, () =>
      fetch(`${node(hubs).url}/api/v1/auth/login`, { method: 'POST', headers, body }),
    );
    expect(refusals(answers)).toHaveLength(2);
    expect(Number(refusals(answers)[0]?.headers.get('retry-after'))).toBeGreaterThan(1);
  });

  test('[LIMIT-3] while Redis is away each node counts for itself', async () => {
    proxy.cut();
    await until(() => hubs.nodes.every(({ links }) => !links.available), 'the nodes to notice');
    const address = fresh();
    const from = performance.now();
    const answers = await many(120, () => ask(address));
    const seconds = Math.ceil((performance.now() - from) / 1000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    expect(120 - refusals(answers).length).toBeLessThanOrEqual((seconds + 1) * (perSecond + burst));
    proxy.mend();
    await until(() => hubs.nodes.every(({ links }) => links.available), 'Redis to be back');
    expect((await ask(fresh())).headers.get('ratelimit')).toBe('"read";r=14;t=1');
  });
});

test('[LIMIT-1] the coarse limit of an address is kept before anything is looked at', async () => {
  const tight = await startTestHubs(1, { addressMessagesPerSecond: 1 }, { redisUrl: inject('redisUrl') });
  const answers = await many(20, () => fetch(`${node(tight).url}/health/live`));
  const refused = refusals(answers);
  expect(refused.length).toBeGreaterThan(10);
  expect(refused[0]?.headers.get('content-type')).toBe('application/problem+json');
  expect(refused[0]?.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});
