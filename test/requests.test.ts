import { expect, test } from 'vitest';
import type { Hub } from '../src/hub.ts';
import { answerOnce, askOnce, forgetRequest } from '../src/database/statements.ts';
import { fingerprint, newId } from '../src/ids.ts';
import { requestId } from './support/client.ts';
import { startTestHubs } from './support/hub.ts';

const hubs = await startTestHubs(2);
const [one, two] = hubs.nodes.map((hub) => hub.engine.requests) as [
  Hub['engine']['requests'],
  Hub['engine']['requests'],
];

test('[REQ-1] a repeat while the first is under way waits for it, on another node too', async () => {
  const [userId, id] = [newId(), requestId()];
  let finish: (answer: string) => void = () => undefined;
  let runs = 0;
  const work = () => {
    runs++;
    return new Promise<string>((resolve) => {
      finish = resolve;
    });
  };
  const first = one.once(userId, id, 'tests:run', { n: 1 }, work);
  const repeats = [one, two].map((requests) => requests.once(userId, id, 'tests:run', { n: 1 }, work));
  await hubs.sql('select pg_sleep(0.3)');
  expect(runs).toBe(1);
  finish('done');
  expect(await Promise.all([first, ...repeats])).toEqual(['done', 'done', 'done']);
  expect(runs).toBe(1);
});

test('[REQ-2] the same id for something else, or another message, is refused; of another user it is another', async () => {
  const [userId, id] = [newId(), requestId()];
  const work = async () => 'done';
  await one.once(userId, id, 'tests:run', { n: 1 }, work);
  const reused = { code: 'request-id-reused' };
  await expect(two.once(userId, id, 'tests:run', { n: 2 }, work)).rejects.toMatchObject(reused);
  await expect(two.once(userId, id, 'tests:walk', { n: 1 }, work)).rejects.toMatchObject(reused);
  expect(await two.once(newId(), id, 'tests:run', { n: 2 }, async () => 'theirs')).toBe('theirs');
});

test('a refusal is not kept: the request is judged anew', async () => {
  const [userId, id] = [newId(), requestId()];
  const refuse = () => Promise.reject(new Error('no'));
  await expect(one.once(userId, id, 'tests:run', {}, refuse)).rejects.toThrow('no');
  expect(await two.once(userId, id, 'tests:run', {}, async () => 'yes')).toBe('yes');
});

test('one whose node died is run by whoever repeats it, once its lease is over', async () => {
  const [userId, id] = [newId(), requestId()];
  void one.once(userId, id, 'tests:run', {}, () => new Promise(() => undefined));
  await hubs.sql('select pg_sleep(0.1)');
  await hubs.sql("update requests set leased_until = now() - interval '1 second' where request_id = $1", [
    id,
  ]);
  expect(await two.once(userId, id, 'tests:run', {}, async () => 'second')).toBe('second');
});

test('one that was taken for dead and wakes up neither changes the answer nor makes room for a third', async () => {
  const [userId, id] = [newId(), requestId()];
  const { db } = (hubs.nodes[0] as Hub).engine;
  const print = fingerprint('tests:run', {});
  // A node that stands still: its lease is over at once.
  await db.run(askOnce, userId, id, 'tests:run', print, -1, 'asleep');
  let finish: (answer: string) => void = () => undefined;
  const second = two.once(userId, id, 'tests:run', {}, () => new Promise((resolve) => (finish = resolve)));
  await hubs.sql('select pg_sleep(0.1)');
  await db.run(forgetRequest, userId, id, 'asleep');
  const third = one.once(userId, id, 'tests:run', {}, async () => 'third');
  finish('second');
  expect(await Promise.all([second, third])).toEqual(['second', 'second']);
  await db.run(answerOnce, userId, id, 'asleep', '"first"');
  expect(await one.once(userId, id, 'tests:run', {}, async () => 'fourth')).toBe('second');
});
