import { expect, test } from 'vitest';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard, nobody } from '../support.ts';

const hubs = await startTestHubs(2);

test('who has left hears nothing more of the event, and goes on hearing of others', async () => {
  const [left, kept] = [await hubs.event(), await hubs.event()];
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  const stayer = await hubs.connect(undefined, 1);
  await Promise.all([viewer.watching(left), viewer.watching(kept), stayer.watching(left)]);
  expect(await viewer.request('seats:unwatch', { eventId: left })).toEqual({ eventId: left });

  const stayed = stayer.next('seats:changed');
  await buyer.request('seats:hold', { eventId: left, seats: [1], requestId: requestId() });
  await stayed;
  const fence = viewer.next('seats:changed');
  await buyer.request('seats:hold', { eventId: kept, seats: [1], requestId: requestId() });
  await fence;
  expect(heard(viewer, 'seats:changed')).toEqual([expect.objectContaining({ eventId: kept })]);
});

test('leaving twice, or a room one is not in, changes nothing', async () => {
  const eventId = await hubs.event();
  const viewer = await hubs.connect();
  await viewer.watching(eventId);
  for (const id of [nobody, eventId, eventId]) {
    expect(await viewer.request('seats:unwatch', { eventId: id })).toEqual({ eventId: id });
  }
});

test('a node follows a map only while somebody there watches it, and again when somebody is back', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  const far = hubs.nodes[1];
  await viewer.watching(eventId);
  expect(far?.engine.maps.has(eventId)).toBe(true);
  await viewer.unwatch(eventId);
  await until(() => far?.engine.maps.has(eventId) === false, 'the map to be dropped');
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  const map = await viewer.watching(eventId);
  expect(map.replica.position).toBe(1);
});
