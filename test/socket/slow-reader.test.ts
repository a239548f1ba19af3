import { afterEach, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { type TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { joined, type RawSocket } from './raw.ts';
import { backlogs, fillUntilLagging } from './slow-reader-support.ts';

const hubs = await startTestHubs();
const hub = hubs.nodes[0] as Hub;
const { url, sockets, engine } = hub;
const { readers, guardCounts } = sockets;
const limits = { ...readers.limits };
// The clients of these tests keep what they read, some 5 MB each.
expectHonestService(hubs, { growthMb: 300 });

const opened: { close(): void }[] = [];
afterEach(async () => {
  Object.assign(readers.limits, limits);
  for (const socket of opened.splice(0)) socket.close();
  // The honest buyer stays.
  await until(() => sockets.connections === 1, 'the sockets of this test to be gone');
  expect({ viewers: readers.viewers, lagging: readers.lagging }).toEqual({ viewers: 0, lagging: 0 });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const tooSlow = () => guardCounts.disconnects['too-slow'] ?? 0;

/** Sends `count` frames of 8 KB to the viewers of an event, no faster than a reader can read. */
async function publish(eventId: string, count: number): Promise<void> {
  const changes = `h0${'.1'.repeat(4000)}`;
  for (let i = 1; i <= count; i++) {
    const tick = { eventId, epoch: 'AAAAAAAA', from: i, to: i, changes };
    engine.publisher.local(`event:${eventId}`, 'seats:changed', tick);
    if (i % 4 === 0) await pause(1);
  }
}

async function open(token?: string): Promise<RawSocket> {
  const socket = await joined(url, token);
  opened.push(socket);
  return socket;
}

async function watcher(eventId: string, token?: string): Promise<RawSocket> {
  const socket = await open(token);
  expect((await socket.ask('seats:watch', { eventId })).ok).toBe(true);
  return socket;
}

async function newBuyer(): Promise<TestClient> {
  const buyer = await hubs.connect(await hubs.user());
  opened.push(buyer);
  return buyer;
}

/** A viewer of the events who has stopped reading, and been noticed. */
async function lagging(eventIds: string[], token?: string): Promise<RawSocket> {
  const [first = '', ...others] = eventIds;
  const socket = await watcher(first, token);
  for (const eventId of others) expect((await socket.ask('seats:watch', { eventId })).ok).toBe(true);
  socket.ws.pause();
  await fillUntilLagging(hub, first, readers.lagging + 1);
  return socket;
}

/** What a socket was told of an event, in order, without beacons and the frames that only fill. */
const toldOf = (socket: RawSocket, eventId: string): Record<string, unknown>[] =>
  socket.frames
    .filter((frame) => /^42\["(seats:changed|seats:snapshot|events:cancelled)"/.test(frame))
    .map((frame) => JSON.parse(frame.slice(2)) as [string, Record<string, unknown>])
    .map(([name, data]) => ({ name, ...data }) as Record<string, unknown>)
    .filter((tell) => tell.eventId === eventId && tell.epoch !== 'AAAAAAAA');

test('[GUARD-4] who overflows at once is closed and counted; who reads beside them gets everything', async () => {
  // Faster than anybody looks.
  readers.limits.softBytes = Number.POSITIVE_INFINITY;
  const before = tooSlow();
  const eventId = await hubs.event();
  const honest = await watcher(eventId);
  const slow = await Promise.all(Array.from({ length: 10 }, () => watcher(eventId)));
  for (const { ws } of slow) ws.pause();
  const rss = process.memoryUsage.rss();
  await publish(eventId, 2000);
  await until(() => sockets.connections === 2, 'the slow readers to be closed');
  expect(tooSlow()).toBe(before + 10);
  expect(guardCounts.dropped).toBeGreaterThanOrEqual(10);
  expect((process.memoryUsage.rss() - rss) / 2 ** 20).toBeLessThan(150);
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
});

test('[GUARD-4] who asks and does not read the answers is closed', async () => {
  const eventId = await hubs.event({ seats: 5000 });
  const slow = await open();
  slow.ws.pause();
  const packet = JSON.stringify(['seats:watch', { eventId }]);
  let sent = 0;
  while (sockets.connections === 2 && sent < 60_000) {
    for (let i = 0; i < 100; i++) slow.send(`42${sent++}${packet}`);
    await pause(5);
  }
  await until(() => sockets.connections === 1, 'the connection to be closed');
});

test('[GUARD-4] a lagging viewer costs nothing more, whatever happens in the hall', async () => {
  const eventId = await hubs.event();
  await lagging([eventId]);
  const before = Math.max(...backlogs(hub));
  await publish(eventId, 200);
  expect(Math.max(...backlogs(hub))).toBeLessThanOrEqual(before);
  expect(sockets.connections).toBe(2);
});

test('[GUARD-4] who still does not read after a while is closed as too-slow, and told why at the end', async () => {
  const before = tooSlow();
  readers.limits.lagMs = 500;
  const slow = await lagging([await hubs.event()]);
  await until(() => sockets.connections === 1, 'the connection to be closed');
  expect(tooSlow()).toBe(before + 1);
  slow.ws.resume();
  expect(await slow.end()).toEqual({ code: 4009, reason: 'too-slow' });
  expect(slow.told('server:disconnected')).toEqual([
    expect.objectContaining({ code: 'too-slow', reconnect: 'now' }),
  ]);
});

test('[GUARD-7] what is told to a lagging user, and that an event is cancelled, arrives', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const slow = await lagging([eventId], user.token);
  const holdIds = Array.from({ length: 20 }, (_, i) => `hold-${i}`);
  for (const holdId of holdIds) {
    engine.publisher.toUser(user.id, 'seats:hold-expired', { eventId, holdId, seats: [1] });
  }
  engine.publisher.toEvent(eventId, 'events:cancelled', { eventId, reason: 'Ill.' });
  slow.ws.resume();
  await until(() => slow.told('events:cancelled').length === 1, 'the tell to the room');
  expect(slow.told('seats:hold-expired').map(({ holdId }) => holdId)).toEqual(holdIds);
});

test('[GUARD-4] tells that nobody reads end in too-slow as well', async () => {
  const before = tooSlow();
  const eventId = await hubs.event();
  const user = await hubs.user();
  await lagging([eventId], user.token);
  const seats = Array.from({ length: 50 }, (_, i) => i);
  for (let i = 0; i < 2000 && sockets.connections === 2; i++) {
    engine.publisher.toUser(user.id, 'seats:hold-expired', { eventId, holdId: `hold-${i}`, seats });
    await pause(0);
  }
  await until(() => sockets.connections === 1, 'the connection to be closed');
  expect(tooSlow()).toBe(before + 1);
});

test('[GUARD-7] who leaves an event while lagging hears nothing more of it, and goes on with the others', async () => {
  const [left, kept] = [await hubs.event(), await hubs.event()];
  const buyer = await newBuyer();
  // On the same node, so that the ticks of the event that is left go on there.
  const stayer = await watcher(left);
  const slow = await lagging([left, kept]);
  slow.send(`42901${JSON.stringify(['seats:unwatch', { eventId: left }])}`);
  const room = sockets.io.of('/').adapter.rooms.get(`event:${left}`);
  await until(() => room?.size === 1, 'the event to be left');
  await buyer.hold(left, [1]);
  await buyer.hold(kept, [2]);
  slow.ws.resume();
  await until(() => toldOf(slow, kept).length === 1, 'the tick that was held back');
  await buyer.hold(kept, [3]);
  await until(() => toldOf(slow, kept).length === 2, 'a tick');
  expect(toldOf(slow, kept).map(({ from, to, changes }) => [from, to, changes])).toEqual([
    [1, 1, 'h2'],
    [2, 2, 'h3'],
  ]);
  await buyer.hold(left, [4]);
  await until(() => toldOf(stayer, left).length === 2, 'the ticks of the event that was left');
  await buyer.hold(kept, [5]);
  await until(() => toldOf(slow, kept).length === 3, 'a tick that comes later');
  expect(toldOf(slow, left)).toEqual([]);
});

test('[GUARD-7] who leaves all events while lagging and comes back gets the map, and then its ticks', async () => {
  const [eventId, other] = [await hubs.event(), await hubs.event()];
  const buyer = await newBuyer();
  const slow = await lagging([eventId]);
  slow.send(`42901${JSON.stringify(['seats:unwatch', { eventId }])}`);
  await until(() => readers.lagging === 0, 'nothing to be held back');
  for (const [ack, id] of [
    [902, eventId],
    [903, other],
  ] as const) {
    slow.send(`42${ack}${JSON.stringify(['seats:watch', { eventId: id }])}`);
  }
  await until(() => engine.maps.has(other), 'both events to be watched');
  slow.ws.resume();
  await slow.frame('43903[');
  await buyer.hold(eventId, [5]);
  await buyer.hold(other, [6]);
  await until(() => toldOf(slow, eventId).length + toldOf(slow, other).length === 2, 'both ticks');
  expect(toldOf(slow, eventId)).toEqual([expect.objectContaining({ from: 1, to: 1, changes: 'h5' })]);
  expect(toldOf(slow, other)).toEqual([expect.objectContaining({ from: 1, to: 1, changes: 'h6' })]);
});

test('[GUARD-7] who begins to watch an event while lagging gets its map, and its ticks with the others', async () => {
  const [old, fresh] = [await hubs.event(), await hubs.event()];
  const buyer = await newBuyer();
  const slow = await lagging([old]);
  slow.send(`42901${JSON.stringify(['seats:watch', { eventId: fresh }])}`);
  await until(() => engine.maps.has(fresh), 'the event to be watched');
  await buyer.hold(fresh, [1]);
  await buyer.hold(old, [2]);
  expect(readers.lagging).toBe(1);
  slow.ws.resume();
  const isThere = (eventId: string) => toldOf(slow, eventId).length > 0;
  await until(() => isThere(fresh) && isThere(old), 'what was held back of both');
  expect(toldOf(slow, old)).toEqual([expect.objectContaining({ name: 'seats:changed', from: 1, to: 1 })]);
  await buyer.hold(fresh, [3]);
  // Nothing was sent of it while it lagged, so that there is more to say than the last tick.
  expect(toldOf(slow, fresh)).toEqual([expect.objectContaining({ name: 'seats:snapshot', position: 1 })]);
  const last = () => toldOf(slow, fresh).at(-1);
  await until(() => last()?.to === 2, 'a tick of the new event');
  expect(last()).toMatchObject({ name: 'seats:changed', from: 2, changes: 'h3' });
});

test('[GUARD-4] who disconnects while lagging leaves nothing behind', async () => {
  const eventId = await hubs.event();
  const slow = await lagging([eventId]);
  expect(engine.maps.has(eventId)).toBe(true);
  slow.close();
  await until(() => readers.viewers === 0, 'the viewer to be forgotten');
  expect(readers.lagging).toBe(0);
  await until(() => !engine.maps.has(eventId), 'the map to be dropped');
});

test('[GUARD-4] of 50 who never read none is lost silently, and they cost little', async () => {
  const count = 50;
  const before = { closed: tooSlow(), marked: readers.counts.marked, caughtUp: readers.counts.caughtUp };
  const told = () => ({
    marked: readers.counts.marked - before.marked,
    caughtUp: readers.counts.caughtUp - before.caughtUp,
    closed: tooSlow() - before.closed,
  });
  const eventId = await hubs.event();
  const honest = await watcher(eventId);
  const slow = await Promise.all(Array.from({ length: count }, () => watcher(eventId)));
  const rss = process.memoryUsage.rss();
  for (const { ws } of slow) {
    // They would keep all of what they read.
    ws.removeAllListeners('message');
    ws.on('message', (data) => data.toString() === '2' && ws.send('3'));
    ws.pause();
  }
  await fillUntilLagging(hub, eventId, count);
  // The kernel may take more of somebody after all, who then lags a second time.
  expect(told().marked - told().caughtUp).toBe(count);
  expect((process.memoryUsage.rss() - rss) / 2 ** 20).toBeLessThan(100);
  // Half of them read on, the others never do.
  for (const { ws } of slow.slice(0, count / 2)) ws.resume();
  // What the kernel could not deliver meanwhile it sends again after as long as they have not read, at the latest.
  await until(() => readers.lagging <= count / 2, 'half of them to catch up', 60_000);
  const left = readers.lagging;
  expect(told().marked - told().caughtUp).toBe(left);
  expect(left).toBeGreaterThan(count / 4);
  readers.limits.lagMs = 500;
  await until(() => sockets.connections === count - left + 2, 'the others to be closed');
  expect(told().closed).toBe(left);
  expect(honest.closed).toBeUndefined();
  expect(readers.lagging).toBe(0);
}, 180_000);
