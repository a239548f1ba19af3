import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, nobody, node, send } from '../support.ts';

const hubs = await startTestHubs(2);

test('[SEATS-1] counts free, held and sold seats, in all and by category, on any node', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [1, 2, 3]);
  await book(buyer, eventId, [4, 5]);
  const counts = { seats: 40, free: 35, held: 3, sold: 2, blocked: 0 };
  for (const on of [0, 1]) {
    // A sale is shown a moment after its answer.
    await until(
      async () => (await call(node(hubs, on), 'seats:capacity', { eventId })).sold === 2,
      'the sale to be counted',
    );
    expect(await call(node(hubs, on), 'seats:capacity', { eventId })).toMatchObject({
      eventId,
      stale: false,
      currency: 'EUR',
      ...counts,
      categories: [{ category: 'Stalls', priceCents: 2500, ...counts }],
    });
  }
  expect(await buyer.request('seats:capacity', { eventId })).toMatchObject(counts);
});

test('[SEATS-2] as long as nothing has changed whoever asks again gets 304', async () => {
  const eventId = await hubs.event();
  const first = await send(node(hubs), 'seats:capacity', { eventId });
  const etag = first.headers.get('etag') ?? '';
  const url = `${node(hubs).url}/api/v1/events/${eventId}/capacity`;
  const again = () => fetch(url, { headers: { 'if-none-match': etag } });
  expect((await again()).status).toBe(304);
  await (await hubs.connect(await hubs.user())).hold(eventId, [1]);
  await until(async () => (await again()).status === 200, 'the change to be counted');
});

test('event-not-found: drafts, and none', async () => {
  for (const eventId of [nobody, await hubs.event({ publish: false })]) {
    await expectRefused(node(hubs), 'seats:capacity', { eventId }, undefined, 'event-not-found');
  }
});
