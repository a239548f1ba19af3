import { afterAll, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { backlogs, fillUntilLagging } from '../socket/slow-reader-support.ts';
import { lettersOf, requestId, TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy } from '../support/proxy.ts';

const hubs = await startTestHubs(2);
const rushes: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(rushes.map((stop) => stop()))));

/** Holds and releases without pause on both nodes until it is stopped. */
async function rush(eventId: string, seats: number): Promise<() => Promise<void>> {
  const users = await hubs.users(8);
  const clients = await Promise.all(users.map((user, i) => hubs.connect(user, i % 2)));
  let running = true;
  const work = clients.map(async (client) => {
    while (running) {
      const seat = Math.floor(Math.random() * seats);
      const hold = await client.hold(eventId, [seat]).catch(() => undefined);
      if (hold && Math.random() < 0.9) await client.release(eventId, hold.holdId).catch(() => undefined);
    }
  });
  const stop = async () => {
    running = false;
    await Promise.all(work);
  };
  rushes.push(stop);
  return stop;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function rightInTheEnd(eventId: string, map: Parameters<typeof lettersOf>[0]): Promise<void> {
  const hub = hubs.nodes[0];
  const truth = await hub?.links.commands.get(hub.keys.event(eventId)[0] as string);
  await until(() => lettersOf(map) === truth, 'the map to be right', 5000);
}

test('[MAP-2] a viewer that is cut off for 5 s in a rush catches up and ends with the right map', async () => {
  const eventId = await hubs.event({ seats: 200, rules: { seatsPerBuyer: 1000 } });
  const proxy = await startProxy(hubs.nodes[0]?.port as number);
  const viewer = new TestClient([proxy.url]);
  const map = await (await viewer.ready()).watching(eventId);
  const stop = await rush(eventId, 200);
  await pause(500);
  proxy.cut();
  await until(() => !map.fresh, 'the viewer to notice');
  const before = map.replica.position;
  await pause(5000);
  proxy.mend();
  await until(() => map.fresh, 'the viewer to come back', 15_000);
  expect(map.replica.position).toBeGreaterThan(before + 50);
  await stop();
  await rightInTheEnd(eventId, map);
  viewer.close();
}, 40_000);

test('[TICK-5] a viewer that loses a tick notices at the next one and asks for what it missed', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  loseNextTick(map);
  await buyer.hold(eventId, [3]);
  await until(() => map.counts.ticks === 1, 'the lost tick');
  expect(lettersOf(map)).not.toContain('h');
  await buyer.hold(eventId, [4]);
  await until(() => lettersOf(map) === `fffhh${'f'.repeat(35)}`, 'both changes', 900);
  expect(map.counts.gaps).toBe(1);
  expect(map.counts.catchUps + map.counts.snapshots).toBe(2);
});

test('[TICK-6] a viewer that loses the last tick learns it from the beacon', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  loseNextTick(map);
  await buyer.hold(eventId, [3]);
  await until(() => lettersOf(map) === `fffh${'f'.repeat(36)}`, 'the change', 3000);
  expect(map.counts.gaps).toBe(1);
});

test('[MAP-2] a viewer that stops reading for 5 s ends with the right map', async () => {
  const eventId = await hubs.event({ seats: 2000, rules: { seatsPerBuyer: 2000, seatsPerHold: 50 } });
  const proxy = await startProxy(hubs.nodes[1]?.port as number);
  const viewer = new TestClient([proxy.url]);
  const map = await (await viewer.ready()).watching(eventId);
  const beside = await hubs.connect(undefined, 1);
  const disturbed: string[] = [];
  beside.on('state', (state) => disturbed.push(state));
  const stop = await rush(eventId, 2000);
  await pause(300);
  proxy.stall();
  await pause(5000);
  proxy.resume();
  await pause(500);
  await stop();
  await until(() => map.fresh, 'a fresh map', 10_000);
  await rightInTheEnd(eventId, map);
  expect(disturbed).toEqual([]);
  viewer.close();
}, 40_000);

test('[GUARD-7] a viewer that stops reading in a rush is left out, and ends right on the same connection', async () => {
  const far = hubs.nodes[1] as Hub;
  const { readers } = far.sockets;
  const eventId = await hubs.event({ seats: 2000, rules: { seatsPerBuyer: 2000, seatsPerHold: 50 } });
  const proxy = await startProxy(far.port);
  const viewer = new TestClient([proxy.url]);
  const beside = await hubs.connect(undefined, 1);
  const maps = [await (await viewer.ready()).watching(eventId), await beside.watching(eventId)];
  const [map] = maps as [(typeof maps)[0]];
  const disturbed: string[] = [];
  for (const client of [viewer, beside]) client.on('state', (state) => disturbed.push(state));
  const stop = await rush(eventId, 2000);
  await until(() => maps.every(({ replica }) => replica.position > 0), 'the rush to begin');
  proxy.stall();
  await fillUntilLagging(far, eventId, 1, map.replica.epoch);
  const waiting = Math.max(...backlogs(far));
  const before = map.replica.position;
  const position = () => maps[1]?.replica.position ?? 0;
  const heldBackAt = position();
  await until(() => position() > heldBackAt + 50, 'the rush to go on beside');
  // Every change of the map while this viewer did not read has cost them nothing.
  expect(Math.max(...backlogs(far))).toBeLessThanOrEqual(waiting);
  expect(readers.counts).toEqual({ marked: 1, caughtUp: 0 });
  proxy.resume();
  await until(() => readers.lagging === 0, 'the viewer to catch up');
  await until(() => map.replica.position > heldBackAt + 50, 'what was held back');
  expect(map.replica.position).toBeGreaterThan(before + 50);
  await stop();
  for (const each of maps) await rightInTheEnd(eventId, each);
  expect(readers.counts).toEqual({ marked: 1, caughtUp: 1 });
  expect(maps.map(({ counts }) => counts.gaps)).toEqual([0, 0]);
  expect(disturbed).toEqual([]);
  viewer.close();
}, 40_000);

test('[MAP-5] who reloads the page finds their own holds with the map', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const before = await hubs.connect(user);
  const { hold } = await before.request('seats:hold', { eventId, seats: [1, 2], requestId: requestId() });
  before.close();
  const after = await hubs.connect(user, 1);
  const map = await after.watching(eventId);
  expect(map.holds).toEqual([hold]);
});

/** The next tick for this map is counted, and thrown away. */
function loseNextTick(map: { tick: (message: never) => void; counts: { ticks: number } }): void {
  const { tick } = map;
  map.tick = () => {
    map.counts.ticks++;
    map.tick = tick;
  };
}
