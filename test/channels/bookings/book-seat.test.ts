import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import {
  beginSaleInAnHour,
  call,
  endWaiting,
  expectRefused,
  fillQueue,
  lockOutcomes,
  nobody,
  node,
} from '../support.ts';

const hubs = await startTestHubs(2);
const ask = (eventId: string, seat: number) => ({ eventId, seat, requestId: requestId() });

test('[BOOK-12] the seat in the path is booked, once under its key', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const book = (on: number, key: string, seat = 7) =>
    fetch(`${node(hubs, on).url}/api/v1/events/${eventId}/book/${seat}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.token}`, 'idempotency-key': key },
    });
  const first = await book(0, 'one-seat-please');
  expect(first.status).toBe(201);
  const answer = await first.json();
  expect(await (await book(1, 'one-seat-please')).json()).toEqual(answer);
  expect((await book(0, 'one-seat-please', 8)).status).toBe(409);
  await until(() => lettersOf(map).indexOf('s') === 7, 'the sold seat');
});

test('every refusal of booking several', async () => {
  const [eventId, user] = [await hubs.event({ rules: { seatsPerBuyer: 1 } }), await hubs.user()];
  const refused = (request: object, code: Parameters<typeof expectRefused>[4], by = user) =>
    expectRefused(node(hubs), 'bookings:book-seat', request, by, code);
  await refused(ask(nobody, 1), 'event-not-found');
  await refused(ask(await hubs.event({ startsInMs: -1000 }), 1), 'event-not-on-sale');
  const early = await hubs.event();
  await beginSaleInAnHour(hubs, early);
  await refused(ask(early, 1), 'sale-not-started');
  await refused(ask(eventId, 40), 'seats-unknown');
  await refused(ask(await hubs.event({ rules: { payment: 'online' } }), 1), 'payment-required');
  const request = ask(eventId, 1);
  await call(node(hubs), 'bookings:book-seat', request, user);
  await refused({ ...request, seat: 2 }, 'request-id-reused');
  await refused(ask(eventId, 2), 'seats-per-buyer');
  await refused(ask(eventId, 1), 'seats-taken', await hubs.user());
});

test('overloaded, booking-pending: the outcome is asked for again under the same key', async () => {
  const [eventId, user] = [await hubs.event(), await hubs.user()];
  const request = ask(eventId, 4);
  const lock = await lockOutcomes(hubs);
  const denied = expectRefused(node(hubs, 1), 'bookings:book-seat', request, user, 'booking-pending');
  await until(async () => (await endWaiting(hubs)) > 0, 'the statement to lose its connection');
  await denied;
  const filling = await fillQueue(node(hubs), user.id);
  await expectRefused(node(hubs), 'bookings:book-seat', ask(eventId, 5), user, 'overloaded');
  await lock.release();
  await Promise.all(filling);
  const { booking } = await call(node(hubs), 'bookings:book-seat', request, user);
  expect(booking.seats.map((each) => each.seat)).toEqual([4]);
});
