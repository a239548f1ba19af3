/** Payments that go wrong on the way, on two nodes. */
import { afterEach, expect, test } from 'vitest';
import {
  buy,
  cards,
  checkout,
  expectBalanced,
  lapse,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  settle,
  untilDead,
  untilMap,
  untilSaga,
} from '../channels/sagas/support.ts';
import { call, node, organizerOf } from '../channels/support.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

/** Here the hub books soon for those who are gone. */
const hubs = await startTestHubs(2, quick({ bookAfterMs: 150 }));
const patient = await startTestHubs(1, quick({ bookAfterMs: 3000 }));
const someone = async (on = 0) => hubs.connect(await hubs.user(), on);

afterEach(() => expectBalanced(hubs));

const bookingsOf = (holdId: string) => hubs.sql('select status from bookings where hold_id = $1', [holdId]);

/** The event's cancel, as its organizer asks for it. */
async function cancelEvent(eventId: string): Promise<void> {
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
}

test('[PAY-3] a buyer who is gone after paying: the hub books and takes the money', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await pay(buyer, eventId, [4, 5]);
  buyer.close();
  await untilSaga(hubs, holdId, 'captured');
  expect(await bookingsOf(holdId)).toEqual([{ status: 'confirmed' }]);
  await untilMap(hubs, eventId, 'ffffssf');
});

test('[PAY-4] the hold runs out before the money comes: the same seats again', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await pay(buyer, eventId, [4, 5], cards.pending);
  await lapse(hubs, eventId, holdId);
  await untilMap(hubs, eventId, 'fffffff');
  await settle(hubs, holdId);
  await untilSaga(hubs, holdId, 'captured');
  expect(await bookingsOf(holdId)).toEqual([{ status: 'confirmed' }]);
  await untilMap(hubs, eventId, 'ffffssf');
});

test('[PAY-4] the hold runs out, and its seats are somebody else’s when the money comes: it goes back', async () => {
  const eventId = await paidEvent(hubs);
  const [buyer, rival] = [await someone(), await someone(1)];
  const { holdId } = await pay(buyer, eventId, [4, 5], cards.pending);
  await lapse(hubs, eventId, holdId);
  await buy(rival, eventId, [5]);
  await settle(hubs, holdId);
  await untilSaga(hubs, holdId, 'voided');
  expect(await bookingsOf(holdId)).toEqual([]);
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'void 5000']);
  await untilMap(hubs, eventId, 'fffffsf');
  await buyer.expectDenied('bookings:confirm', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
});

test('[PAY-4] who confirms after the hold ran out, with money set aside, gets the seats as well', async () => {
  const own = await startTestHubs(2, quick());
  const eventId = await paidEvent(own);
  const buyer = await own.connect(await own.user());
  const { holdId } = await pay(buyer, eventId, [4]);
  await lapse(own, eventId, holdId);
  expect((await buyer.confirm(eventId, holdId)).status).toBe('confirmed');
  await expectBalanced(own);
});

test('[PAY-7] the event is cancelled while the money is on its way: it goes back', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await pay(buyer, eventId, [4], cards.pending);
  await cancelEvent(eventId);
  await settle(hubs, holdId);
  await untilSaga(hubs, holdId, 'voided');
  expect(await bookingsOf(holdId)).toEqual([]);
});

test('[PAY-7] the event is cancelled while the money is set aside: it goes back', async () => {
  const own = await startTestHubs(2, quick());
  const eventId = await paidEvent(own);
  const buyer = await own.connect(await own.user());
  const { holdId } = await pay(buyer, eventId, [4]);
  await call(node(own), 'events:cancel', { eventId }, await organizerOf(own, eventId));
  await buyer.expectDenied('bookings:confirm', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
  // Now, and not in ten minutes.
  await own.sql("update saga_steps set due_at = now() where kind = 'book' and hold_id = $1", [holdId]);
  await untilSaga(own, holdId, 'voided');
  await expectBalanced(own);
});

test('[PAY-7] the event is cancelled after the sale: every booking is refunded', async () => {
  const eventId = await paidEvent(hubs);
  const buyers = await Promise.all([0, 1, 0].map((on) => someone(on)));
  const bookings = await Promise.all(buyers.map((buyer, i) => buy(buyer, eventId, [i * 2, i * 2 + 1])));
  await cancelEvent(eventId);
  for (const { holdId } of bookings) {
    await untilSaga(hubs, holdId, 'refunded');
    expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000', 'refund 5000']);
  }
});

test.each([cards.captureFails, cards.captureUnanswered])(
  '[PAY-3] a capture that fails at first is tried until it is done: %s',
  async (card) => {
    const eventId = await paidEvent(hubs);
    const buyer = await someone();
    const { holdId } = await buy(buyer, eventId, [4], card);
    await untilSaga(hubs, holdId, 'captured');
    expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
  },
);

test.each([cards.voidFails, '4000000000040002'])(
  '[PAY-7] letting go that fails at first is tried until it is done: %s',
  async (card) => {
    // Here nobody books for the buyer before they give it up.
    const eventId = await paidEvent(patient);
    const buyer = await patient.connect(await patient.user());
    const { holdId } = await pay(buyer, eventId, [4], card);
    await buyer.request('seats:release', { eventId, holdId, requestId: requestId() });
    await untilSaga(patient, holdId, 'voided');
    expect(await moved(patient, holdId)).toEqual(['authorise 2500', 'void 2500']);
    await expectBalanced(patient);
  },
);

test.each([cards.refundFails, '4000000000050003'])(
  '[PAY-7] a refund that fails at first is done once in the end: %s',
  async (card) => {
    const eventId = await paidEvent(hubs);
    const buyer = await someone();
    const { id: bookingId, holdId } = await buy(buyer, eventId, [4], card);
    await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
    await untilSaga(hubs, holdId, 'refunded');
    expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500', 'refund 2500']);
  },
);

test('[PAY-5] a capture that never succeeds is put aside with its reason; the booking stands', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buy(buyer, eventId, [4], '4000000000030001:6');
  await untilDead(hubs, holdId, 'capture');
  expect(await sagaOf(hubs, holdId)).toMatchObject({ state: 'booked', reason: /^provider-error/ });
  expect(await bookingsOf(holdId)).toEqual([{ status: 'confirmed' }]);
  const admin = await hubs.user('admin');
  await call(node(hubs, 1), 'sagas:retry', { holdId }, admin);
  await untilSaga(hubs, holdId, 'captured');
});

test('[PAY-5] what the bank refuses for good is put aside at once', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buy(buyer, eventId, [4], cards.captureRefused);
  await untilDead(hubs, holdId, 'capture');
  const [step] = await hubs.sql("select attempts from saga_steps where hold_id = $1 and kind = 'capture'", [
    holdId,
  ]);
  expect(step).toEqual({ attempts: 1 });
  await call(node(hubs), 'sagas:abandon', { holdId }, await hubs.user('admin'));
  await untilSaga(hubs, holdId, 'voided');
});

test('[PAY-7] cancelled seat by seat: each is refunded once, also when two nodes are asked at once', async () => {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const clients = await Promise.all([0, 1].map((on) => hubs.connect(user, on)));
  const [near, far] = clients as [(typeof clients)[0] & object, (typeof clients)[0] & object];
  const { id: bookingId, holdId } = await buy(near, eventId, [4, 5, 6]);
  await untilSaga(hubs, holdId, 'captured');
  const cancel = (client: typeof near, seats: number[]) =>
    client.request('bookings:cancel', { bookingId, seats, requestId: requestId() });
  await Promise.all([cancel(near, [4]), cancel(far, [4]), cancel(near, [4])]);
  await until(async () => (await sagaOf(hubs, holdId)).refunded_cents === 2500, 'the first refund');
  await Promise.all([cancel(near, [5]), cancel(far, [6])]);
  await untilSaga(hubs, holdId, 'refunded');
  expect(await moved(hubs, holdId)).toEqual([
    'authorise 7500',
    'capture 7500',
    'refund 2500',
    'refund 2500',
    'refund 2500',
  ]);
  expect(await bookingsOf(holdId)).toEqual([{ status: 'cancelled' }]);
});

test('[PAY-7] cancelled as a whole and asked again: refunded once', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { id: bookingId, holdId } = await buy(buyer, eventId, [4, 5]);
  await Promise.all(
    [1, 2, 3].map(() => buyer.request('bookings:cancel', { bookingId, requestId: requestId() })),
  );
  await untilSaga(hubs, holdId, 'refunded');
  await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect((await sagaOf(hubs, holdId)).steps.filter((step) => step.startsWith('refund'))).toHaveLength(1);
  const { bookings } = await buyer.request('bookings:list', { eventId });
  expect(bookings[0]?.payment).toEqual({ state: 'refunded', amountCents: 5000, refundedCents: 5000 });
});

test('a declined payment is let go of when its time is over, so that nobody can still pay it', async () => {
  const own = await startTestHubs(2, quick({ undecidedMs: 200 }));
  const eventId = await paidEvent(own, { payingMs: 300 });
  const buyer = await own.connect(await own.user(), 1);
  const told = buyer
    .next('bookings:paid', ({ payment }) => payment.state === 'voided', 1500)
    .catch(() => 'not told');
  const { holdId } = await buyer.hold(eventId, [4]);
  await expect(checkout(buyer, eventId, holdId, cards.declined)).rejects.toThrow('declined');
  await untilSaga(own, holdId, 'voided');
  const [ledger] = await own.sql('select state from simulated_payments where hold_id = $1', [holdId]);
  expect(ledger).toEqual({ state: 'voided' });
  // The hold lives longer: another card makes another payment.
  await checkout(buyer, eventId, holdId, cards.good);
  await buyer.confirm(eventId, holdId);
  expect(await told).toBe('not told');
  await expectBalanced(own);
});
