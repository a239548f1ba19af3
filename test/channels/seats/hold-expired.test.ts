import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';

const hubs = await startTestHubs(2);

test('[HOLD-4] the holder is told on every socket and node, nobody else is', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 300 } });
  const user = await hubs.user();
  const sockets = [
    await hubs.connect(user),
    await hubs.connect(user),
    await hubs.connect(user, 1),
    await hubs.connect(user, 1),
  ];
  const rival = await hubs.connect(await hubs.user(), 1);
  const anonymous = await hubs.connect();
  const maps = [await rival.watching(eventId), await anonymous.watching(eventId)];
  const told = Promise.all(sockets.map((socket) => socket.next('seats:hold-expired')));
  const [buyer] = sockets;
  const reply = await buyer?.request('seats:hold', { eventId, seats: [4, 5], requestId: requestId() });
  for (const tell of await told) {
    expect(tell).toEqual({ eventId, holdId: reply?.hold.holdId, seats: [4, 5] });
  }
  await until(() => maps.every((map) => lettersOf(map) === 'f'.repeat(40)), 'the free seats');
  const theirs = rival.next('seats:hold-expired');
  const own = await rival.request('seats:hold', { eventId, seats: [9], requestId: requestId() });
  expect(await theirs).toMatchObject({ holdId: own.hold.holdId });
  expect(heard(rival, 'seats:hold-expired')).toHaveLength(1);
  expect(heard(anonymous, 'seats:hold-expired')).toEqual([]);
  for (const socket of sockets) expect(heard(socket, 'seats:hold-expired')).toHaveLength(1);
});

test('[HOLD-4] who has released or booked a hold is told nothing', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 900 } });
  const buyer = await hubs.connect(await hubs.user());
  await buyer.watching(eventId);
  const hold = async (seat: number) =>
    (await buyer.request('seats:hold', { eventId, seats: [seat], requestId: requestId() })).hold.holdId;
  const [booked, released] = [await hold(1), await hold(2)];
  await buyer.request('bookings:confirm', { eventId, holdId: booked, requestId: requestId() });
  await buyer.request('seats:release', { eventId, holdId: released, requestId: requestId() });
  const told = buyer.next('seats:hold-expired');
  const left = await hold(3);
  expect(await told).toMatchObject({ holdId: left });
  expect(heard(buyer, 'seats:hold-expired')).toHaveLength(1);
});
