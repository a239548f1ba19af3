import { afterEach, expect, test } from 'vitest';
import type { BookingsPaid } from '../../../src/contracts.gen.ts';
import { requestId, type TestClient, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { buy, cards, expectBalanced, paidEvent, pay, quick, settle, untilSaga } from '../sagas/support.ts';
import { heard, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2, quick({ bookAfterMs: 100 }));

afterEach(() => expectBalanced(hubs));

/** The buyer on both nodes, and everybody who must not hear of it. */
async function crowd(eventId: string) {
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const strangers = [
    await hubs.connect(),
    await hubs.connect(await hubs.user(), 1),
    await hubs.connect(await hubs.user('admin')),
    await hubs.connect(await organizerOf(hubs, eventId), 1),
  ];
  for (const stranger of strangers) await stranger.watching(eventId);
  return { near, far, strangers };
}

const states = (client: TestClient) =>
  (heard(client, 'bookings:paid') as BookingsPaid[]).map(({ payment }) => payment.state);

const untilHeard = (client: TestClient, expected: string[]) =>
  until(() => expected.every((state, i) => states(client)[i] === state), `the tells ${expected}`);

test('the buyer is told on every socket and node how the payment goes, and nobody else is', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far, strangers } = await crowd(eventId);
  const { holdId } = await pay(near, eventId, [4]);
  await untilHeard(far, ['authorised', 'captured']);
  await untilHeard(near, ['authorised', 'captured']);
  const [first, last] = heard(far, 'bookings:paid');
  const payment = { amountCents: 2500, currency: 'EUR' };
  expect(first).toEqual({ eventId, holdId, payment: { state: 'authorised', ...payment }, reason: '' });
  expect(last).toEqual({ eventId, holdId, payment: { state: 'captured', ...payment }, reason: '' });
  const booking = await near.confirm(eventId, holdId);
  await near.request('bookings:cancel', { bookingId: booking.id, requestId: requestId() });
  await untilHeard(far, ['authorised', 'captured', 'refunded']);
  // What they do hear has come after it.
  for (const stranger of strangers) {
    await stranger.request('events:read', { eventId });
    expect(states(stranger)).toEqual([]);
    expect(JSON.stringify(stranger.told)).not.toContain(holdId);
  }
});

test('a decline is told with its reason', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far, strangers } = await crowd(eventId);
  await expect(pay(near, eventId, [4], '4000000000009995')).rejects.toMatchObject({
    code: 'payment-declined',
  });
  await untilHeard(far, ['declined']);
  const [told] = heard(far, 'bookings:paid') as BookingsPaid[];
  expect(told?.reason).toBe('There is not enough money on the card. Try another one.');
  for (const stranger of strangers) expect(states(stranger)).toEqual([]);
});

test('a payment that is let go of is told with the reason', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far } = await crowd(eventId);
  const { holdId } = await pay(near, eventId, [4], cards.pending);
  await near.request('seats:release', { eventId, holdId, requestId: requestId() });
  await settle(hubs, holdId);
  await untilHeard(far, ['authorised', 'voided']);
  const told = heard(far, 'bookings:paid') as BookingsPaid[];
  expect(told[1]?.reason).toMatch(/hold/);
});

test('it is told by another node if the one that took the step has died before it could', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far } = await crowd(eventId);
  const booking = await buy(near, eventId, [4], cards.good);
  await untilSaga(hubs, booking.holdId, 'captured');
  await untilHeard(far, ['authorised', 'captured']);
  // As a dead node leaves it: written, not told.
  await hubs.sql(
    "insert into outbox (topic, key, payload, due_at) values ('payment-changed', $1, $2, now())",
    [`payment-${booking.holdId}`, JSON.stringify({ holdId: booking.holdId })],
  );
  await untilHeard(far, ['authorised', 'captured', 'captured']);
});
