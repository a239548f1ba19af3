/** Real processes: nodes that are killed over the stream, and consumers that are killed over their work. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { node } from '../channels/support.ts';
import { atEnd } from '../support/at-end.ts';
import { until } from '../support/client.ts';
import { startTestHubs, type TestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { entriesOf, note, streamOf, untilPublished } from './support.ts';

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  readonly ended: Promise<NodeJS.Signals | number | null>;
}

function run(script: string, args: readonly string[], environment: Record<string, string>): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
  });
  const read = (stream: NodeJS.ReadableStream | null) => {
    const lines: string[] = [];
    let rest = '';
    stream?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
    return lines;
  };
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  atEnd(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, lines: read(child.stdout), errors: read(child.stderr), ended };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `thing-${from + n}`);

test('[STREAM-2] a node that is killed between recording and appending, and another one right after appending', async () => {
  const hubs = await startTestHubs(1);
  await node(hubs).engine.eventStream.stop();
  const startStream = (faults: string) =>
    run('test/domain-events/stream-process.ts', [], {
      DATABASE_URL: hubs.databaseUrl,
      REDIS_URL: hubs.redisUrl,
      REDIS_PREFIX: hubs.config.redisPrefix,
      SEATCAST_FAULTS: faults,
    });

  await note(hubs, range(0, 3));
  const first = startStream('stream.recorded=kill');
  expect(await first.ended, first.errors.join('\n')).toBe('SIGKILL');
  const recorded = await hubs.sql('select seq from domain_events');
  expect(recorded).toHaveLength(3);
  expect(await entriesOf(hubs)).toEqual([]);

  const second = startStream('stream.appended=kill');
  expect(await second.ended, second.errors.join('\n')).toBe('SIGKILL');
  const appended = await entriesOf(hubs);
  expect(appended.map(({ event }) => event.subject)).toEqual(range(0, 3));

  await hubs.addNode();
  await note(hubs, range(3, 5));
  const all = await untilPublished(hubs);
  expect(all.slice(0, 3)).toEqual(appended);
  expect(all.map(({ event }) => event.subject)).toEqual(range(0, 5));
}, 90_000);

/** "position type subject id", of each event it has dealt with. */
const subjectsOf = ({ lines }: Running) => lines.map((line) => line.split(' ')[2] ?? '');

const consume = (hubs: TestHubs, redisUrl: string, ...args: string[]) =>
  run('src/demo/stream-consumer.ts', args, { REDIS_URL: redisUrl, REDIS_PREFIX: hubs.config.redisPrefix });

test('[STREAM-5] consumers of a group share the events; what one leaves that is killed in the middle, another takes over', async () => {
  const hubs = await startTestHubs(1);
  const group = ['--group', 'shop', '--claim-after', '0.5'];
  const killed = consume(hubs, hubs.redisUrl, ...group, '--name', 'killed');
  const expected = new Set<string>();
  let isKilled = false;
  // A stop in the middle of its work: it has been given events that it has not acknowledged.
  const { redis, key } = streamOf(hubs);
  for (let round = 0; !isKilled; round++) {
    const subjects = range(round * 100, round * 100 + 100);
    for (const subject of subjects) expected.add(subject);
    await note(hubs, subjects);
    await until(async () => {
      const pending = (await redis.xpending(key, 'shop').catch(() => [0])) as [number];
      if (pending[0] > 0 && killed.lines.length > 0) {
        killed.child.kill('SIGSTOP');
        // It may have acknowledged the last of them before it stopped.
        const [left] = (await redis.xpending(key, 'shop')) as [number];
        if (left > 0) isKilled = true;
        else killed.child.kill('SIGCONT');
      }
      return isKilled || new Set(subjectsOf(killed)).size === expected.size;
    }, 'the consumer to be stopped in the middle of its work, or to have done it all');
  }
  killed.child.kill('SIGKILL');
  expect(await killed.ended).toBe('SIGKILL');
  const others = ['one', 'two'].map((name) => consume(hubs, hubs.redisUrl, ...group, '--name', name));
  for (const subject of range(10_000, 10_200)) expected.add(subject);
  await note(hubs, range(10_000, 10_200));
  const seen = () => new Set([killed, ...others].flatMap(subjectsOf));
  await until(() => seen().size === expected.size, 'all events to be dealt with');
  expect(seen()).toEqual(expected);
  await until(
    async () => ((await redis.xpending(key, 'shop')) as [number])[0] === 0,
    'all to be acknowledged',
  );

  for (const { child, ended } of others) {
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
  // Another group gets all of it.
  const archive = consume(hubs, hubs.redisUrl, '--group', 'archive');
  await until(() => new Set(subjectsOf(archive)).size === expected.size, 'the other group to have all');
  const order = (await untilPublished(hubs)).map(({ event }) => event.subject);
  expect(subjectsOf(archive)).toEqual(order);
}, 90_000);

test('[STREAM-5] a consumer goes on when Redis has lost everything, its group as well', async () => {
  const redis = await ownRedis();
  const hubs = await startTestHubs(1, { redisTimeoutMs: 500 }, { redisUrl: redis.url });
  const consumer = consume(hubs, redis.url, '--json');
  await note(hubs, ['before']);
  const seen = () => consumer.lines.map((line) => JSON.parse(line).subject as string);
  await until(() => seen().includes('before'), 'the first event');
  await redis.kill();
  redis.wipe();
  await note(hubs, ['meanwhile']);
  await redis.start();
  await until(() => seen().includes('meanwhile'), 'what happened meanwhile');
  await note(hubs, ['afterwards']);
  await until(() => seen().includes('afterwards'), 'what happened afterwards');
  const ids = new Set(consumer.lines.map((line) => JSON.parse(line).id as string));
  expect(ids.size).toBe(3);
}, 90_000);

test('[REDIS-1] the user that is documented for consumers reads the stream, and can do nothing else', async () => {
  const text = readFileSync(new URL('../../schemas/domain-events/README.md', import.meta.url), 'utf8');
  const [, rules = ''] = /^user (shop on >.+)$/m.exec(text) ?? [];
  const redis = await ownRedis(['--user', ...rules.replace('>PASSWORD', '>a-password').split(' ')]);
  const hubs = await startTestHubs(1, { redisPrefix: 'seatcast' }, { redisUrl: redis.url });
  const url = redis.url.replace('//', '//shop:a-password@');
  const consumer = consume(hubs, url, '--group', 'shop');
  await note(hubs, ['something']);
  await until(() => subjectsOf(consumer).includes('something'), 'an event to be dealt with');
  const [position = ''] = (await entriesOf(hubs)).map((entry) => entry.position);

  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  atEnd(() => client.disconnect());
  expect(await client.xlen('seatcast:stream')).toBe(1);
  for (const [name = '', ...args] of [
    ['xadd', 'seatcast:stream', '*', 'type', 'forged', 'event', '{}'],
    ['xdel', 'seatcast:stream', position],
    ['xtrim', 'seatcast:stream', 'maxlen', '0'],
    ['xgroup', 'destroy', 'seatcast:stream', 'shop'],
    ['xgroup', 'setid', 'seatcast:stream', 'shop', '$'],
    ['del', 'seatcast:stream'],
    ['rename', 'seatcast:stream', 'other'],
    ['smembers', 'seatcast:loaded-events'],
    ['xread', 'streams', 'other:stream', '0'],
    ['eval', "return redis.call('xlen', 'seatcast:stream')", '1', 'seatcast:stream'],
    ['publish', 'seatcast:io', 'x'],
    ['flushall'],
    ['client', 'kill', 'type', 'normal'],
    ['config', 'get', '*'],
  ]) {
    await expect(client.call(name, ...args), `${name} ${args.join(' ')}`).rejects.toThrow(
      /NOPERM|no permissions/i,
    );
  }
}, 60_000);

test('[STREAM-2] in a Redis Cluster the stream is on the server that has its slot, and consumers find it', async () => {
  const cluster = await startRedisCluster();
  atEnd(() => cluster.close());
  const hubs = await startTestHubs(2, {}, { redisUrl: cluster.url });
  await note(hubs, range(0, 300));
  const entries = await untilPublished(hubs);
  expect(entries.map(({ event }) => event.subject)).toEqual(range(0, 300));
  const consumer = consume(hubs, cluster.url);
  await until(() => consumer.lines.length === 300, 'the consumer to have all');
  expect(subjectsOf(consumer)).toEqual(range(0, 300));
}, 90_000);
