import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';

const hubs = await startTestHubs(2);

test('a beacon after the last tick says where the map stands, on every node', async () => {
  const [eventId, other] = [await hubs.event(), await hubs.event()];
  const viewers = [await hubs.connect(), await hubs.connect(undefined, 1)];
  const stranger = await hubs.connect();
  const [map] = await Promise.all(viewers.map((viewer) => viewer.watching(eventId)));
  await stranger.watching(other);
  const buyer = await hubs.connect(await hubs.user());
  const beacons = Promise.all(
    viewers.map((viewer) => viewer.next('seats:position', ({ position }) => position === 2)),
  );
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await buyer.request('seats:hold', { eventId, seats: [2], requestId: requestId() });
  for (const beacon of await beacons) {
    expect(beacon).toEqual({ eventId, epoch: map?.replica.epoch, position: 2, stale: false });
  }
  for (const tell of heard(stranger, 'seats:position')) expect(tell).toMatchObject({ eventId: other });
});
