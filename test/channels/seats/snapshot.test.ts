import { afterEach, expect, test } from 'vitest';
import { SeatMap } from '../../../src/client/seat-map.ts';
import type { SeatsWatchReply } from '../../../src/contracts.gen.ts';
import { encodeSnapshot } from '../../../src/seats/codec.ts';
import { fillUntilLagging } from '../../socket/slow-reader-support.ts';
import { lettersOf, TestClient, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { startProxy } from '../../support/proxy.ts';
import { heard, node } from '../support.ts';

const hubs = await startTestHubs(2);
const far = node(hubs, 1);
const { readers } = far.sockets;

const viewers: TestClient[] = [];
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await until(() => readers.viewers === 0, 'the viewers to be gone');
});

/** The only viewer of an event on a node stops reading, lags, and reads on after `meanwhile`. */
async function fallBehind(seats: number, meanwhile: (eventId: string) => Promise<void>) {
  const eventId = await hubs.event({ seats, rules: { seatsPerHold: 50, seatsPerBuyer: 2000 } });
  const proxy = await startProxy(far.port);
  const viewer = new TestClient([proxy.url]);
  viewers.push(viewer);
  const map = await (await viewer.ready()).watching(eventId);
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [0]);
  await until(() => map.replica.position === 1, 'the first tick');
  proxy.stall();
  await fillUntilLagging(far, eventId, 1, map.replica.epoch);
  const already = viewer.told.length;
  await meanwhile(eventId);
  const to = (await buyer.request('seats:watch', { eventId })).position;
  await until(() => far.engine.maps.standing(eventId)?.position === to, 'the node to follow');
  expect(map.replica.position).toBe(1);
  proxy.resume();
  await until(() => readers.lagging === 0, 'the viewer to catch up');
  await until(() => map.replica.position === to, 'what was held back');
  // Without what only filled the connection.
  const told = viewer.told.slice(already).filter(({ data }) => !('to' in data) || data.to !== 1);
  return { eventId, viewer, map, buyer, told, to };
}

test('[GUARD-7] who missed more than the map is long gets the map, then where it stands, then ticks', async () => {
  const { eventId, viewer, map, buyer, told, to } = await fallBehind(2000, async (id) => {
    const other = await hubs.connect(await hubs.user());
    for (let first = 1; first < 2000; first += 100) {
      await other.hold(
        id,
        Array.from({ length: 50 }, (_, i) => first + 2 * i),
      );
    }
  });
  expect(told[0]).toMatchObject({ name: 'seats:snapshot', data: { eventId, position: to } });
  expect(lettersOf(map)).toBe(`hh${'fh'.repeat(999)}`);
  const beacon = expect.objectContaining({ eventId, position: to, stale: false });
  await until(() => heard(viewer, 'seats:position').length > 0, 'a beacon');
  expect(heard(viewer, 'seats:position').at(-1)).toEqual(beacon);
  await buyer.hold(eventId, [2]);
  await until(() => map.replica.position === to + 1, 'a tick');
  expect(lettersOf(map)).toBe(`hhhh${'fh'.repeat(998)}`);
  expect({ ...map.counts, ticks: 0 }).toEqual({ ticks: 0, gaps: 0, snapshots: 2, catchUps: 0 });
});

test('[GUARD-7] who missed less gets all of it as one tick', async () => {
  const { eventId, map, told, to } = await fallBehind(200, async (id) => {
    const other = await hubs.connect(await hubs.user());
    for (const seat of [3, 5, 7]) await other.hold(id, [seat]);
  });
  expect(told[0]).toMatchObject({
    name: 'seats:changed',
    data: { eventId, from: 2, to, changes: 'h3.2.2' },
  });
  expect(lettersOf(map)).toBe(`hffhfhfh${'f'.repeat(192)}`);
  expect(map.counts).toMatchObject({ gaps: 0, snapshots: 1 });
});

test('a map that arrives while another answer is awaited makes the client ask once more', async () => {
  const eventId = 'E';
  const answers: ((reply: SeatsWatchReply) => void)[] = [];
  const map = new SeatMap(eventId, () => new Promise((resolve) => answers.push(resolve)));
  const at = (position: number, letter: number) => ({
    eventId,
    epoch: 'AAAAAAAA',
    position,
    snapshot: encodeSnapshot(new Uint8Array(4).fill(letter)),
  });
  const done = map.resync();
  map.snapshot(at(9, 2));
  answers[0]?.({ ...at(5, 1), stale: false, now: 0 });
  await until(() => answers.length === 2, 'the second question');
  answers[1]?.({ ...at(9, 2), stale: false, now: 0 });
  await done;
  expect(lettersOf(map)).toBe('ssss');
  // Older than what is known.
  map.snapshot(at(8, 1));
  expect(lettersOf(map)).toBe('ssss');
  // Of a map that was rebuilt: its holds are asked for as well.
  map.snapshot({ ...at(1, 3), epoch: 'BBBBBBBB' });
  expect(answers).toHaveLength(3);
  expect(lettersOf(map)).toBe('ssss');
});
