/** Queues in a real Redis, and what becomes of their jobs. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, expect, inject, test } from 'vitest';
import type { QueueOptions, Work } from '../../src/jobs/job-queue.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { makeLogger } from '../../src/log.ts';
import { makeKeys } from '../../src/redis/keys.ts';
import { until } from '../support/client.ts';

interface Task {
  text: string;
}
const log = makeLogger('silent', false, 'jobs');
const redis = new Redis(inject('redisUrl'));
const running: Jobs[] = [];
afterAll(async () => {
  await Promise.all(running.map((jobs) => jobs.stop()));
  redis.disconnect();
});

const newPrefix = () => makeKeys(`jobs-${randomBytes(6).toString('hex')}`).jobsPrefix;

/** One node's part of a queue. */
async function open(prefix: string, work: Work<Task>, options: QueueOptions = {}) {
  const jobs = new Jobs({ redisUrl: inject('redisUrl'), prefix, commandTimeoutMs: 3000, log });
  running.push(jobs);
  const queue = jobs.open<Task>('tasks', work, options);
  jobs.start();
  // What is added before there is a connection is refused, as it is while Redis is away.
  await until(
    () =>
      queue.nextRepeatAt('none').then(
        () => true,
        () => false,
      ),
    'a connection',
  );
  return { jobs, queue };
}

test('each job is done once, by one of the nodes', async () => {
  const prefix = newPrefix();
  const done: string[] = [];
  const work: Work<Task> = async ({ text }) => void done.push(text);
  const { queue } = await open(prefix, work);
  await open(prefix, work);
  const texts = Array.from({ length: 50 }, (_, i) => `task ${i}`);
  await Promise.all(texts.map((text) => queue.add({ text })));
  await until(() => done.length >= 50, 'all of them to be done');
  expect(done.toSorted()).toEqual(texts.toSorted());
});

test('all keys of the queues share a hash tag, under the prefix of the hub', async () => {
  const prefix = newPrefix();
  const { queue } = await open(prefix, async () => undefined);
  await queue.add({ text: 'x' });
  const keys = await redis.keys(`${prefix}*`);
  expect(keys.length).toBeGreaterThan(0);
  expect(prefix).toMatch(/^jobs-\w+:\{jobs\}$/);
});

test('what fails is tried again as often as it may', async () => {
  let attempts = 0;
  const { queue } = await open(newPrefix(), async () => {
    if (++attempts < 3) throw new Error('not yet');
  });
  await queue.add({ text: 'x' }, { attempts: 5, backoffMs: 10 });
  await until(() => attempts === 3, 'the third attempt');
});

test('a key holds back what waits already, and lets one more follow what is under way', async () => {
  const done: string[] = [];
  const { promise: first, resolve: finish } = Promise.withResolvers<void>();
  const { queue } = await open(newPrefix(), async ({ text }) => {
    done.push(text);
    if (text === 'first') await first;
  });
  await queue.add({ text: 'first' }, { key: 'k' });
  await until(() => done.length === 1, 'the first to be under way');
  for (const text of ['second', 'third', 'fourth']) await queue.add({ text }, { key: 'k' });
  finish();
  await queue.add({ text: 'other' });
  await until(() => done.includes('fourth') && done.includes('other'), 'the last of them');
  expect(done.filter((text) => text === 'second' || text === 'third')).toEqual([]);
});

test('a repeat goes on and on, one at a time however many nodes ask for it', async () => {
  const prefix = newPrefix();
  let [now, most, times] = [0, 0, 0];
  const work: Work<Task> = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    times++;
  };
  for (let i = 0; i < 3; i++) {
    const { queue } = await open(prefix, work, { everywhere: 1 });
    queue.repeat('again', 50, { text: 'again' });
  }
  await until(() => times >= 5, 'five rounds');
  expect(most).toBe(1);
  expect(await redis.zcard(`${prefix}:tasks:repeat`)).toBe(1);
});

test('[PROV-8] what a node was doing when it died is done by another', async () => {
  const prefix = newPrefix();
  const options = { everywhere: 1, lockMs: 500 };
  let begun = false;
  const { jobs, queue } = await open(
    prefix,
    () => {
      begun = true;
      // It neither ends nor listens, as if it were gone.
      return new Promise(() => undefined);
    },
    options,
  );
  await queue.add({ text: 'x' });
  await until(() => begun, 'the job to be under way');
  await jobs.stop();
  const done: string[] = [];
  await open(prefix, async ({ text }) => void done.push(text), options);
  await until(() => done.length === 1, 'the job to be done');
});

test('a node that stops tells what it is doing, and takes nothing more', async () => {
  let begun = 0;
  let told = false;
  const { jobs, queue } = await open(newPrefix(), async (_task, signal) => {
    begun++;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    told = true;
  });
  await queue.add({ text: 'first' });
  await queue.add({ text: 'second' });
  await until(() => begun === 1, 'the first to be under way');
  await jobs.stop();
  expect([begun, told]).toEqual([1, true]);
});
