/** Receivers that fail, nodes that die, and a Redis that is away: everything arrives, and repeats can be told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { tooOld } from '../../src/deliveries/delivery-lane.ts';
import { call, node, organizerOf } from '../channels/support.ts';
import { atEnd } from '../support/at-end.ts';
import { until } from '../support/client.ts';
import { type TestHubs, testKeys } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';
import {
  deliveriesOf,
  hook,
  loopback,
  mailFrom,
  notify,
  startMailServer,
  startReceiver,
  startSending,
} from './support.ts';

/** Titles an event gets, one after the other: each is told. */
async function rename(hubs: TestHubs, eventId: string, times: number) {
  const organizer = await organizerOf(hubs, eventId);
  for (let i = 1; i <= times; i++)
    await call(node(hubs), 'events:update', { eventId, title: `Title ${i}` }, organizer);
}

const idsOf = (hubs: TestHubs, channel: string) =>
  hubs
    .sql<{ source: string }>('select source from deliveries where channel = $1', [channel])
    .then((rows) => rows.map(({ source }) => source).sort());

/** All deliveries there are, once this many are sent and none is under way. */
const untilSent = (hubs: TestHubs, count: number) =>
  until(
    async () => {
      const [row] = await hubs.sql<{ sent: number; all: number }>(
        "select count(*)::integer as all, count(*) filter (where state = 'sent')::integer as sent from deliveries",
      );
      return row?.all === count && row.sent === count;
    },
    `${count} deliveries to be sent`,
    120_000,
  );

/** A node in a process of its own, that is killed after it has sent something and before that is written. */
async function dyingNode(hubs: TestHubs, smtpUrl: string, sends: number) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts'], {
    env: {
      ...process.env,
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      DATABASE_URL: hubs.databaseUrl,
      REDIS_URL: hubs.redisUrl,
      REDIS_PREFIX: hubs.config.redisPrefix,
      JWT_KEYS: testKeys,
      SMTP_URL: smtpUrl,
      MAIL_FROM: mailFrom,
      WEBHOOK_ALLOWED_NETWORKS: loopback,
      SEATCAST_FAULTS: `delivery.sent=kill:${sends}`,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  atEnd(() => child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('Seatcast is at')) break;
  child.stdout.resume();
  return { gone };
}

test('[HOOK-4] 30 % of all attempts fail and a node is killed in between: each arrives, once after repeats are dropped', async () => {
  const [mails, receiver] = [await startMailServer(), await startReceiver()];
  mails.refuse = (attempt) => (attempt % 10 < 3 ? 'later' : undefined);
  receiver.answer = (attempt) => ({ status: attempt % 10 < 3 ? 500 : 200 });
  const accepted = new Map<string, number>();
  const { answer } = receiver;
  receiver.answer = async (attempt, posted) => {
    const { status } = await answer(attempt, posted);
    const id = String(posted.headers['webhook-id']);
    if (status === 200) accepted.set(id, (accepted.get(id) ?? 0) + 1);
    return { status } as never;
  };
  // Trouble is not rare here: no delivery gives up, and no webhook is paused for long.
  const patient = { attempts: 50, failuresInARow: 20 };
  const hubs = await startSending(1, { mail: { smtpUrl: mails.url, from: mailFrom } }, patient);
  const eventId = await hubs.event();
  await hook(hubs, await organizerOf(hubs, eventId), receiver.url);
  const other = await dyingNode(hubs, mails.url, 4);
  const users = await hubs.users(30);
  await Promise.all([
    rename(hubs, eventId, 30),
    ...users.map((user) => notify(hubs, user, 'event-cancelled', eventId)),
  ]);
  expect(await other.gone).toEqual([null, 'SIGKILL']);
  // What it had is free when its leases run out: now.
  await hubs.sql("update deliveries set next_at = now() where state = 'sending'");
  await untilSent(hubs, 60);
  const dedupedMails = new Set(mails.mails.map(({ messageId }) => messageId?.slice(1).split('@')[0]));
  expect([...dedupedMails].sort()).toEqual(await idsOf(hubs, 'email'));
  expect([...accepted.keys()].sort()).toEqual(await idsOf(hubs, 'webhook'));
  expect(dedupedMails.size).toBe(30);
  expect(accepted.size).toBe(30);
  const repeats = mails.mails.length + [...accepted.values()].reduce((sum, n) => sum + n, 0) - 60;
  // It was killed over one that had been sent.
  expect(repeats).toBeGreaterThanOrEqual(1);
}, 240_000);

test('[HOOK-4] while nothing dies, several nodes send everything exactly once', async () => {
  const receiver = await startReceiver();
  const hubs = await startSending(3);
  const eventId = await hubs.event();
  await hook(hubs, await organizerOf(hubs, eventId), receiver.url);
  await rename(hubs, eventId, 40);
  await untilSent(hubs, 40);
  const ids = receiver.posted.map(({ headers }) => String(headers['webhook-id']));
  expect(ids.toSorted()).toEqual(await idsOf(hubs, 'webhook'));
}, 120_000);

test('[HOOK-4] while Redis is away, and after it has lost everything, everything arrives', async () => {
  const redis = await ownRedis();
  const receiver = await startReceiver();
  const mails = await startMailServer();
  const hubs = await startSending(
    2,
    { mail: { smtpUrl: mails.url, from: mailFrom } },
    {},
    { redisUrl: redis.url },
  );
  const eventId = await hubs.event();
  await hook(hubs, await organizerOf(hubs, eventId), receiver.url);
  const user = await hubs.user();
  await redis.kill();
  await until(() => hubs.nodes.every(({ links }) => !links.available), 'the nodes to notice');
  await notify(hubs, user, 'event-cancelled', eventId);
  await hubs.sql("update events set title = 'While Redis is away' where id = $1", [eventId]);
  await untilSent(hubs, 2);
  redis.wipe();
  await redis.revive();
  await until(() => hubs.nodes.every(({ links }) => links.available), 'the nodes to be connected again');
  await notify(hubs, user, 'event-cancelled', eventId);
  await hubs.sql("update events set title = 'Afterwards' where id = $1", [eventId]);
  await untilSent(hubs, 4);
  expect(mails.mails).toHaveLength(2);
  expect(receiver.posted).toHaveLength(2);
}, 120_000);

test("what waits for a way that was switched off ends once it is too old, and is in nobody's way", async () => {
  const hubs = await startSending(1, {}, { tidyMs: 100 });
  const { id: userId } = await hubs.user();
  await hubs.sql(
    `insert into deliveries (source, channel, user_id, target, kind, payload, due_since)
    select 'mail-' || hours, 'email', $1, 'somebody@example.com', 'event-cancelled', '{}', now() - hours * interval '1 hour'
    from unnest(array[71, 73, 200]) as hours`,
    [userId],
  );
  const all = () =>
    hubs.sql<{ source: string; state: string; last_error: string }>(
      'select source, state, last_error from deliveries order by id',
    );
  await until(async () => (await all()).some(({ state }) => state === 'dead'), 'the old ones to be dead');
  expect(await all()).toEqual([
    { source: 'mail-71', state: 'waiting', last_error: '' },
    { source: 'mail-73', state: 'dead', last_error: tooOld },
    { source: 'mail-200', state: 'dead', last_error: tooOld },
  ]);
  // Those that are due are found channel by channel.
  const [index] = await hubs.sql<{ indexdef: string }>(
    "select indexdef from pg_indexes where indexname = 'deliveries_due'",
  );
  expect(index?.indexdef).toContain('(channel, next_at)');
});

test('a node that stops gives back what it has not finished, and another goes on', async () => {
  const receiver = await startReceiver();
  receiver.answer = () => new Promise(() => undefined);
  const hubs = await startSending(1, {}, { answerMs: 60_000 });
  const eventId = await hubs.event();
  await hook(hubs, await organizerOf(hubs, eventId), receiver.url);
  await rename(hubs, eventId, 1);
  await until(() => receiver.posted.length === 1, 'it to be under way');
  const [only] = hubs.nodes.splice(0);
  await only?.stop();
  const [left] = await hubs.sql('select state, attempts from deliveries');
  expect(left).toEqual({ state: 'waiting', attempts: 0 });
  receiver.answer = () => ({ status: 200 });
  await hubs.addNode();
  await untilSent(hubs, 1);
  expect(await deliveriesOf(hubs)).toMatchObject([{ attempts: 1 }]);
}, 120_000);
