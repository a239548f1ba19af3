/** A hub on a Redis Cluster: events spread over its masters, and a master that is lost costs holds, never a sale. */
import { Command } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { Jobs } from '../../src/jobs/jobs.ts';
import { makeLogger } from '../../src/log.ts';
import { makeKeys } from '../../src/redis/keys.ts';
import type { RequestFailed } from '../../src/client/client.ts';
import { requestId, type TestClient } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';

const cluster = await startRedisCluster(true);
afterAll(() => cluster.close());
const hubs = await startTestHubs(2, {}, { redisUrl: cluster.url });
const keys = makeKeys(hubs.config.redisPrefix);
const slotOf = (eventId: string) => new Command('exists', [keys.event(eventId)[0] ?? '']).getSlot();

/** Asks until it is granted; whoever is refused meanwhile is told to come later. */
async function granted(client: TestClient, eventId: string, seat: number) {
  const asked = { eventId, seats: [seat], requestId: requestId() };
  const end = Date.now() + 45_000;
  for (;;) {
    try {
      return await client.request('seats:hold', asked);
    } catch (error) {
      expect((error as RequestFailed).code).toBe('try-later');
      if (Date.now() > end) throw error;
      // Refused at once: asking without a pause would take the processor from the servers that hold an election.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test('[HOLD-1] events live on different masters, and what one node holds is seen on the other', async () => {
  const [ada, bob] = await hubs.users(2);
  const homes = new Set<number>();
  for (let i = 0; i < 12 || homes.size < 3; i++) {
    const eventId = await hubs.event();
    homes.add((await cluster.masterOf(slotOf(eventId))).port);
    const [buyer, viewer] = [await hubs.connect(ada, 0), await hubs.connect(bob, 1)];
    await viewer.request('seats:watch', { eventId });
    const seen = viewer.next('seats:changed');
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [3, 4], requestId: requestId() });
    expect((await seen).eventId).toBe(eventId);
    await viewer.expectDenied('seats:hold', { eventId, seats: [4], requestId: requestId() }, 'seats-taken');
    const { booking } = await buyer.request('bookings:confirm', {
      eventId,
      holdId: hold.holdId,
      requestId: requestId(),
    });
    expect(booking.seats.map(({ seat }) => seat)).toEqual([3, 4]);
    buyer.close();
    viewer.close();
  }
  expect(homes.size).toBe(3);
});

test('[GUARD-6] a master is killed: its events come back on its replica under a new epoch, with every sale', async () => {
  const [ada, bob] = await hubs.users(2);
  const [lost, spared] = [await hubs.event(), await hubs.event()];
  const master = await cluster.masterOf(slotOf(lost));
  let other = spared;
  while ((await cluster.masterOf(slotOf(other))).port === master.port) other = await hubs.event();
  const buyer = await hubs.connect(ada, 0);
  const rival = await hubs.connect(bob, 1);
  const before = await buyer.request('seats:watch', { eventId: lost });
  expect(before.stale).toBe(false);
  const { hold } = await buyer.request('seats:hold', { eventId: lost, seats: [1], requestId: requestId() });
  await buyer.request('bookings:confirm', { eventId: lost, holdId: hold.holdId, requestId: requestId() });

  const stale = buyer.next('seats:position', (beacon) => beacon.eventId === lost && beacon.stale);
  await master.kill();
  await stale;
  // An event of another master is sold all the while.
  let sold = 0;
  let isBack = false;
  const sellElsewhere = async () => {
    for (let seat = 0; !isBack; seat = (seat + 1) % 40) {
      const { hold } = await granted(buyer, other, seat);
      const released = { eventId: other, holdId: hold.holdId, requestId: requestId() };
      await buyer.request('seats:release', released);
      sold++;
    }
  };
  const comeBack = granted(rival, lost, 2).finally(() => {
    isBack = true;
  });
  const [again] = await Promise.all([comeBack, sellElsewhere()]);
  expect(sold).toBeGreaterThan(0);
  expect(again.epoch).not.toBe(before.epoch);
  await rival.expectDenied(
    'seats:hold',
    { eventId: lost, seats: [1], requestId: requestId() },
    'seats-taken',
  );
  expect(hubs.nodes.every((hub) => hub.links.available)).toBe(true);
});

test('later work waits in a cluster as in a single Redis', async () => {
  const jobs = new Jobs({
    redisUrl: cluster.url,
    prefix: keys.jobsPrefix,
    commandTimeoutMs: 3000,
    log: makeLogger('silent', false, 'jobs'),
  });
  const done = new Promise<object>((resolve) => {
    const queue = jobs.open('trial', async (data) => resolve(data));
    jobs.start();
    const put = () => queue.add({ number: 7 }).catch(() => setTimeout(put, 50));
    void put();
  });
  expect(await done).toEqual({ number: 7 });
  await jobs.stop();
});

test('[GUARD-6] a node that is given one server of a cluster does not start, and says what to write', async () => {
  // One that was not killed above.
  const { port } = cluster.servers.find(({ redis }) => redis.status === 'ready') ?? { port: 0 };
  const url = `redis://127.0.0.1:${port}`;
  await expect(startTestHubs(1, {}, { redisUrl: url })).rejects.toThrow('redis-cluster://');
});
