import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { joined, type RawSocket } from './raw.ts';

const hubs = await startTestHubs();
const { url, sockets, engine } = hubs.nodes[0] as Hub;
expectHonestService(hubs);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends `count` frames of 8 KB to the viewers of an event, no faster than a reader can read. */
async function publish(eventId: string, count: number): Promise<void> {
  const changes = `h0${'.1'.repeat(4000)}`;
  for (let i = 1; i <= count; i++) {
    const tick = { eventId, epoch: 'AAAAAAAA', from: i, to: i, changes };
    engine.publisher.local(`event:${eventId}`, 'seats:changed', tick);
    if (i % 4 === 0) await pause(1);
  }
}

async function watcher(eventId: string): Promise<RawSocket> {
  const socket = await joined(url);
  expect((await socket.ask('seats:watch', { eventId })).ok).toBe(true);
  return socket;
}

test('[GUARD-4] who does not read is closed and counted; who reads beside them gets everything', async () => {
  const eventId = await hubs.event();
  const honest = await watcher(eventId);
  const slow = await Promise.all(Array.from({ length: 10 }, () => watcher(eventId)));
  for (const { ws } of slow) ws.pause();
  const before = process.memoryUsage.rss();
  await publish(eventId, 2000);
  await until(() => sockets.connections === 2, 'the slow readers to be closed');
  expect(sockets.guardCounts.disconnects['too-slow']).toBe(10);
  expect(sockets.guardCounts.dropped).toBeGreaterThanOrEqual(10);
  expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(150);
  await until(() => honest.told('seats:changed').length === 2000, 'every frame');
  expect(honest.told('seats:changed').map(({ to }) => to)).toEqual(
    Array.from({ length: 2000 }, (_, i) => i + 1),
  );
  // What the slow had not read is theirs up to where the hub gave up: a beginning, and never a hole.
  for (const socket of slow) {
    socket.ws.resume();
    await socket.end();
    const positions = socket.told('seats:changed').map(({ to }) => to);
    expect(positions).toEqual(positions.map((_, i) => i + 1));
    expect(positions.length).toBeLessThan(2000);
  }
  honest.close();
});

test('[GUARD-4] who asks and does not read the answers is closed', async () => {
  const eventId = await hubs.event({ seats: 5000 });
  const slow = await joined(url);
  slow.ws.pause();
  // This one and the honest buyer.
  await until(() => sockets.connections === 2, 'the sockets of other tests to be gone');
  const packet = JSON.stringify(['seats:watch', { eventId }]);
  let sent = 0;
  while (sockets.connections === 2 && sent < 60_000) {
    for (let i = 0; i < 100; i++) slow.send(`42${sent++}${packet}`);
    await pause(5);
  }
  await until(() => sockets.connections === 1, 'the connection to be closed');
  slow.close();
});
