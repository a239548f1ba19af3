import { Redis } from 'ioredis';
import { afterAll, expect, inject, test } from 'vitest';
import { UserBudget } from '../../src/limits/user-budget.ts';
import { makeKeys } from '../../src/redis/keys.ts';
import { until } from '../support/client.ts';

const redis = new Redis(inject('redisUrl'));
afterAll(() => redis.disconnect());
let last = 0;
const keys = () => makeKeys(`test-budget-${process.pid}-${++last}`);

/** Spends one token ten times a second for so many seconds, on all budgets in turn. @returns how many were granted */
async function spend(budgets: UserBudget[], user: string, seconds: number): Promise<number> {
  let granted = 0;
  for (let tick = 1; tick <= seconds * 10; tick++) {
    for (const budget of budgets) if (budget.take(user, 1, tick * 100) === 0) granted++;
    // What was settled is known before the next tick, as it is with 100 ms between them.
    await redis.ping();
  }
  return granted;
}

test('[LIMIT-2] who uses one node gets all of it, without ever meeting the common budget', async () => {
  const budget = new UserBudget({ redis, keys: keys(), perSecond: 10 });
  expect(await spend([budget], 'ada', 12)).toBe(120);
  expect(budget.counts.refused).toBe(0);
});

test('[LIMIT-2] more nodes do not give a user more', async () => {
  const shared = keys();
  const budgets = [1, 2, 3, 4].map(() => new UserBudget({ redis, keys: shared, perSecond: 10 }));
  const granted = await spend(budgets, 'eve', 9);
  // 130 in ten seconds on all nodes together, and on each at most a block that is not settled, and one under way.
  expect(granted).toBeGreaterThanOrEqual(130);
  expect(granted).toBeLessThanOrEqual(130 + 4 * 2 * 5);
  for (const budget of budgets) expect(budget.take('eve', 1, 9100)).toBeGreaterThan(0);
  expect(budgets[0]?.take('somebody else', 1, 9100)).toBe(0);
});

test('[LIMIT-2] a message never waits for Redis: one that spends little does not even tell it', async () => {
  const budget = new UserBudget({ redis, keys: keys(), perSecond: 10 });
  for (let i = 0; i < 4; i++) expect(budget.take('ada', 1, 1000)).toBe(0);
  expect(budget.counts.settled).toBe(0);
  expect(budget.take('ada', 1, 1000)).toBe(0);
  expect(budget.counts.settled).toBe(1);
});

test('[LIMIT-2] while Redis is away the bucket of the node goes on alone', async () => {
  const away = new Redis({
    port: 1,
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
  });
  away.on('error', () => undefined);
  const budget = new UserBudget({ redis: away, keys: keys(), perSecond: 10 });
  let granted = 0;
  for (let i = 0; i < 100; i++) if (budget.take('ada', 1, 1000) === 0) granted++;
  expect(granted).toBe(30);
  await until(() => budget.counts.settled === 6, 'all blocks to be tried');
  expect(budget.take('ada', 1, 2000)).toBe(0);
});
