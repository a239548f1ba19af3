import { expect, test } from 'vitest';
import type { SeatsChanged } from '../../../src/contracts.gen.ts';
import { decodeChanges } from '../../../src/seats/codec.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';

const hubs = await startTestHubs(2);

test('[TICK-3] the first change of an idle map is told at once: before the buyer has the answer', async () => {
  const slow = await startTestHubs(1, { tickMs: 1000 });
  const eventId = await slow.event();
  const buyer = await slow.connect(await slow.user());
  await buyer.watching(eventId);
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  expect(heard(buyer, 'seats:changed')).toEqual([
    expect.objectContaining({ eventId, from: 1, to: 1, changes: 'h1' }),
  ]);

  const next = buyer.next('seats:changed');
  await buyer.request('seats:hold', { eventId, seats: [2], requestId: requestId() });
  await buyer.request('seats:hold', { eventId, seats: [3], requestId: requestId() });
  expect(heard(buyer, 'seats:changed')).toHaveLength(1);
  expect(await next).toMatchObject({ from: 2, to: 3, changes: 'h2.1' });
});

test('[TICK-2] however many change seats, there is at most one tick every 40 ms', async () => {
  const eventId = await hubs.event({ seats: 400, rules: { seatsPerBuyer: 400 } });
  const clients = await Promise.all([0, 1, 0, 1].map(async (on) => hubs.connect(await hubs.user(), on)));
  const viewers = [await hubs.connect(undefined, 0), await hubs.connect(undefined, 1)];
  const maps = await Promise.all(viewers.map((viewer) => viewer.watching(eventId)));
  const start = performance.now();
  await Promise.all(
    clients.map(async (client, i) => {
      for (let seat = i; seat < 400; seat += clients.length) {
        await client.request('seats:hold', { eventId, seats: [seat], requestId: requestId() });
      }
    }),
  );
  await until(() => maps.every((map) => map.replica.position === 400), 'all holds on both nodes');
  const elapsedMs = performance.now() - start;
  for (const viewer of viewers) {
    const ticks = heard(viewer, 'seats:changed') as SeatsChanged[];
    expect(ticks.length).toBeLessThanOrEqual(Math.floor(elapsedMs / 40) + 1);
    expect(ticks.length).toBeLessThan(400);
  }
});

test('ticks follow each other without a hole, and together they are every change', async () => {
  const eventId = await hubs.event();
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const buyers = await Promise.all([0, 1, 0].map(async (on) => hubs.connect(await hubs.user(), on)));
  await Promise.all(
    buyers.map(async (buyer, i) => {
      for (let seat = i; seat < 30; seat += 3) {
        const { hold } = await buyer.request('seats:hold', {
          eventId,
          seats: [seat],
          requestId: requestId(),
        });
        const { holdId } = hold;
        if (seat % 2) await buyer.request('seats:release', { eventId, holdId, requestId: requestId() });
      }
    }),
  );
  await until(() => map.replica.position === 45, 'all changes');
  const ticks = heard(viewer, 'seats:changed') as SeatsChanged[];
  const seats = new Map<number, number>();
  let before = 0;
  for (const { from, to, changes } of ticks) {
    expect(from).toBe(before + 1);
    before = to;
    for (const [seat, state] of decodeChanges(changes)) seats.set(seat, state);
  }
  for (let seat = 0; seat < 30; seat++) expect(seats.get(seat), `seat ${seat}`).toBe(seat % 2 ? 0 : 1);
  expect(map.counts.gaps).toBe(0);
});
