import { afterEach, expect, test } from 'vitest';
import type { EventCard } from '../../../src/events/events.ts';
import { declineTexts } from '../../../src/payments/declines.ts';
import { testCards } from '../../../src/payments/test-cards.ts';
import { beginPayment } from '../../../src/redis/scripts/begin-payment.ts';
import type { Session } from '../../../src/session.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import {
  cards,
  checkout,
  expectBalanced,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  settle,
  untilMap,
  untilSaga,
} from '../sagas/support.ts';
import { nobody, node, noHold, whileConfirming } from '../support.ts';

const hubs = await startTestHubs(2, quick());
const someone = async (on = 0) => hubs.connect(await hubs.user(), on);

afterEach(() => expectBalanced(hubs));

test('[PAY-2] what costs money is booked once its payment is authorised, and captured then', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4, 5]);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'payment-required');
  const { hold, payment } = await checkout(buyer, eventId, holdId, cards.good);
  expect(payment).toEqual({ state: 'authorised', amountCents: 5000, currency: 'EUR' });
  expect(hold).toMatchObject({ holdId, seats: [4, 5], totalCents: 5000 });
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000']);
  const { booking } = await buyer.request('bookings:confirm', { ...ask, requestId: requestId() });
  expect(booking.payment).toEqual({ state: 'booked', amountCents: 5000, refundedCents: 0 });
  await untilSaga(hubs, holdId, 'captured');
  const { bookings } = await buyer.request('bookings:list', { eventId });
  expect(bookings[0]?.payment).toEqual({ state: 'captured', amountCents: 5000, refundedCents: 0 });
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000']);
  expect((await sagaOf(hubs, holdId)).steps).toEqual([
    'start done',
    'authorise done',
    'book done',
    'capture done',
  ]);
});

test('[PAY-2] a confirm without a payment is refused, and the hold goes on', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4]);
  const ask = () => ({ eventId, holdId, requestId: requestId() });
  await buyer.expectDenied('bookings:confirm', ask(), 'payment-required');
  await buyer.request('seats:extend', ask());
  await checkout(buyer, eventId, holdId, cards.good);
  expect((await buyer.confirm(eventId, holdId)).status).toBe('confirmed');
});

test('[PAY-1] a hold gets its time to pay once, and its seats are settled from then on', async () => {
  const eventId = await paidEvent(hubs, { holdMs: 60_000, payingMs: 240_000 });
  const buyer = await someone();
  const held = await buyer.hold(eventId, [4, 5]);
  const { holdId } = held;
  await buyer.expectDenied(
    'bookings:checkout',
    { eventId, holdId, method: cards.declined, requestId: requestId() },
    'payment-declined',
  );
  const { hold } = await checkout(buyer, eventId, holdId, cards.good);
  expect(hold.expiresAt - held.expiresAt).toBeGreaterThan(170_000);
  expect(hold.expiresAt - held.expiresAt).toBeLessThan(200_000);
  expect((await checkout(buyer, eventId, holdId)).hold).toEqual(hold);
  const ask = { eventId, holdId };
  for (const [name, request] of [
    ['seats:extend', ask],
    ['seats:hold', { ...ask, seats: [6] }],
    ['seats:release', { ...ask, seats: [4] }],
  ] as const) {
    await buyer.expectDenied(name, { ...request, requestId: requestId() }, 'hold-confirming');
  }
  await buyer.confirm(eventId, holdId);
});

test('[PAY-7] who gives up a hold while its payment is just being opened gets no seats, and the money back', async () => {
  const own = await startTestHubs(2, quick({ bookAfterMs: 300 }));
  const eventId = await paidEvent(own);
  const user = await own.user();
  const buyer = await own.connect(user);
  const hold = await buyer.hold(eventId, [4]);
  const { holdId } = hold;
  const { engine } = node(own);
  // A checkout that has given the hold its paying time, and is on its way to PostgreSQL.
  await engine.inventory.run(beginPayment, eventId, { owner: user.id, holdId, payingMs: 600_000 });
  expect(await buyer.request('seats:release', { eventId, holdId, requestId: requestId() })).toMatchObject({
    hold: null,
  });
  const card = (await engine.events.card(eventId)) as EventCard;
  const session: Session = { id: 'a session', userId: user.id, role: 'user', expiresAt: Date.now() + 60_000 };
  await engine.sagas.start(card, session, hold, cards.good).catch(() => undefined);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'hold-not-found');
  await untilSaga(own, holdId, 'voided');
  expect(await own.sql('select id from bookings where hold_id = $1', [holdId])).toEqual([]);
  await expectBalanced(own);
});

test('[PAY-7] who gives up a hold that is paid for gets the money back, not the seats', async () => {
  const own = await startTestHubs(2, quick({ bookAfterMs: 300 }));
  const eventId = await paidEvent(own);
  const buyer = await own.connect(await own.user());
  const { holdId } = await pay(buyer, eventId, [4]);
  await buyer.request('seats:release', { eventId, holdId, requestId: requestId() });
  await untilSaga(own, holdId, 'voided');
  await untilMap(own, eventId, 'ffffff');
  await buyer.expectDenied('bookings:confirm', { eventId, holdId, requestId: requestId() }, 'hold-not-found');
  await expectBalanced(own);
});

const declining = testCards.filter((card) => card.decline);

test.each(declining)('payment-declined, then another card: $number ($about)', async ({ number, decline }) => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4]);
  const ask = { eventId, holdId, method: number, requestId: requestId() };
  const details = await buyer.expectDenied('bookings:checkout', ask, 'payment-declined');
  expect(details).toEqual({ reason: declineTexts[decline ?? 'card-declined'] });
  await buyer.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'payment-required',
  );
  const { payment } = await checkout(buyer, eventId, holdId, cards.good);
  expect(payment.state).toBe('authorised');
  await buyer.confirm(eventId, holdId);
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
});

test('payment-declined: a method that nobody knows, and the next one is taken', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4]);
  for (const method of ['cheque', cards.declined, 'gold']) {
    const ask = { eventId, holdId, method, requestId: requestId() };
    const { reason } = await buyer.expectDenied('bookings:checkout', ask, 'payment-declined');
    expect(reason).toMatch(/\w/);
  }
  await checkout(buyer, eventId, holdId, cards.good);
  await buyer.confirm(eventId, holdId);
});

test.each([
  ['4000000000020001:200', 'Approved after a while'],
  ['4000000000020002', 'Authorised, but the first answer never comes'],
  ['4000000000020003', 'The first request is lost'],
  ['4000000000020005', 'Approved, and told twice more'],
  ['4000000000020009', 'Authorising fails 2 times'],
])('[PAY-3] whatever happens on the way, the money is set aside once: %s (%s)', async (method) => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId, payment } = await pay(buyer, eventId, [4], method);
  expect(payment.state).toBe('authorised');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500']);
  await buyer.confirm(eventId, holdId);
});

test('a bank that never answers: the payment is let go of, and another one may be made', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId, payment } = await pay(buyer, eventId, [4], '4000000000020004');
  expect(payment.state).toMatch(/^void/);
  await untilSaga(hubs, holdId, 'voided');
  await buyer.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'payment-required',
  );
  expect((await checkout(buyer, eventId, holdId, cards.good)).payment.state).toBe('authorised');
  await buyer.confirm(eventId, holdId);
  await untilSaga(hubs, holdId, 'captured');
});

test('pending, then approved: the hub notices, and books', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const told = buyer.next('bookings:confirmed');
  const { holdId, payment } = await pay(buyer, eventId, [4], cards.pending);
  expect(payment).toEqual({ state: 'pending', amountCents: 2500, currency: 'EUR' });
  await buyer.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'payment-pending',
  );
  await settle(hubs, holdId);
  expect((await told).booking.holdId).toBe(holdId);
  expect(await buyer.confirm(eventId, holdId)).toMatchObject({ holdId, status: 'confirmed' });
});

test.each(['4000000000020006:100', '4000000000020007:100'])(
  'the provider tells by itself how a pending payment ended: %s',
  async (method) => {
    const own = await startTestHubs(2, quick({ lookEveryMs: 600_000 }));
    const eventId = await paidEvent(own);
    const { holdId } = await pay(await own.connect(await own.user()), eventId, [4], method);
    await untilSaga(own, holdId, method.startsWith('4000000000020006') ? 'captured' : 'declined');
    await expectBalanced(own);
  },
);

test('pending, then declined: the hold goes on, and another card is taken', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId, payment } = await pay(buyer, eventId, [4], '4000000000020007:999999999');
  expect(payment.state).toBe('pending');
  const other = { eventId, holdId, method: cards.good, requestId: requestId() };
  await buyer.expectDenied('bookings:checkout', other, 'payment-pending');
  await settle(hubs, holdId);
  await untilSaga(hubs, holdId, 'declined');
  expect((await checkout(buyer, eventId, holdId, cards.good)).payment.state).toBe('authorised');
  await buyer.confirm(eventId, holdId);
});

test('a checkout without a method takes the one that a later checkout brings, and is not taken twice', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4]);
  expect((await checkout(buyer, eventId, holdId)).payment).toMatchObject({
    state: 'pending',
    action: { kind: 'client-secret' },
  });
  await buyer.expectDenied(
    'bookings:checkout',
    { eventId, holdId, method: cards.declined, requestId: requestId() },
    'payment-declined',
  );
  expect((await checkout(buyer, eventId, holdId, cards.good)).payment.state).toBe('authorised');
  await buyer.confirm(eventId, holdId);
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
});

test('two that bring a method at once to a payment without one: one of them is used', async () => {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const [one, two] = [await hubs.connect(user, 0), await hubs.connect(user, 1)];
  const { holdId } = await one.hold(eventId, [4]);
  await checkout(one, eventId, holdId);
  const ends = await Promise.allSettled([
    checkout(one, eventId, holdId, cards.good),
    checkout(two, eventId, holdId, cards.good),
  ]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  await one.confirm(eventId, holdId);
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
});

test.each(['4000000000020008', undefined])(
  'a payment that nobody decides (%s) is let go of when its time is long over',
  async (method) => {
    const own = await startTestHubs(2, quick({ undecidedMs: 200 }));
    const eventId = await paidEvent(own, { payingMs: 200 });
    const buyer = await own.connect(await own.user());
    const { holdId } = await buyer.hold(eventId, [4]);
    const { payment } = await checkout(buyer, eventId, holdId, method);
    expect(payment.state).toBe('pending');
    expect(payment.action?.kind).toBe(method ? undefined : 'client-secret');
    await untilSaga(own, holdId, 'voided');
    expect((await sagaOf(own, holdId)).reason).toBe('Nobody decided about the payment in time.');
    await expectBalanced(own);
  },
);

test('[PAY-6] payment-unavailable: the provider is away, and the hold keeps its time', async () => {
  const own = await startTestHubs(
    1,
    quick({ attempts: 2 }, { attemptMs: 100, sampleAtLeast: 2, openMs: 1000 }),
  );
  const { sagas } = node(own).engine;
  const eventId = await paidEvent(own);
  const [first, buyer] = [await own.connect(await own.user()), await own.connect(await own.user())];
  const held = await buyer.hold(eventId, [5]);
  const { holdId } = held;
  const paying = pay(first, eventId, [4], '4000000000020004');
  await until(() => !sagas.available, 'the circuit to open');
  const ask = () => ({ eventId, holdId, requestId: requestId() });
  await buyer.expectDenied('bookings:checkout', { ...ask(), method: cards.good }, 'payment-unavailable');
  const { holds } = await buyer.request('seats:watch', { eventId });
  expect(holds).toEqual([held]);
  // Its seats are not settled either.
  await buyer.request('seats:extend', ask());
  await until(() => sagas.available, 'the provider to be asked again');
  await until(
    async () => (await checkout(buyer, eventId, holdId, cards.good).catch(() => undefined)) !== undefined,
    'the provider to answer again',
  );
  await buyer.confirm(eventId, holdId);
  await paying;
  await expectBalanced(own);
});

test('event-not-found: no such event, or a draft', async () => {
  const buyer = await someone();
  for (const eventId of [nobody, await hubs.event({ publish: false })]) {
    const ask = { eventId, holdId: noHold, requestId: requestId() };
    await buyer.expectDenied('bookings:checkout', ask, 'event-not-found');
  }
});

test('event-not-on-sale: it has started', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await buyer.hold(eventId, [4]);
  await hubs.sql("update events set starts_at = now() - interval '1 minute' where id = $1", [eventId]);
  for (const hub of hubs.nodes) hub.engine.events.forget(eventId);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:checkout', ask, 'event-not-on-sale');
});

test("[HOLD-8] hold-not-found: it was never there, or is somebody else's", async () => {
  const eventId = await paidEvent(hubs);
  const [owner, rival] = [await someone(), await someone(1)];
  const { holdId } = await owner.hold(eventId, [4]);
  for (const id of [noHold, holdId]) {
    const ask = { eventId, holdId: id, method: cards.good, requestId: requestId() };
    await rival.expectDenied('bookings:checkout', ask, 'hold-not-found');
  }
  expect(await hubs.sql('select 1 from sagas where event_id = $1', [eventId])).toEqual([]);
});

test('hold-confirming: it is being booked', async () => {
  const eventId = await paidEvent(hubs);
  const buyer = await someone();
  const { holdId } = await pay(buyer, eventId, [4]);
  const ask = { eventId, holdId, requestId: requestId() };
  await whileConfirming(hubs, buyer, { eventId, holdId }, () =>
    buyer.expectDenied('bookings:checkout', ask, 'hold-confirming'),
  );
});

test('payment-not-needed: the event is not paid through the hub, or the seats cost nothing', async () => {
  const free = await paidEvent(hubs);
  await hubs.sql('update events set prices = \'{"Stalls": 0}\' where id = $1', [free]);
  for (const hub of hubs.nodes) hub.engine.events.forget(free);
  const buyer = await someone();
  for (const eventId of [await hubs.event(), free]) {
    const { holdId } = await buyer.hold(eventId, [4]);
    const ask = { eventId, holdId, requestId: requestId() };
    await buyer.expectDenied('bookings:checkout', ask, 'payment-not-needed');
    // The hold is as it was.
    await buyer.request('seats:extend', { ...ask, requestId: requestId() });
    expect((await buyer.confirm(eventId, holdId)).payment).toBeNull();
  }
});

test("[REQ-1] a repeat on another node gets the first answer; 'request-id-reused' for anything else", async () => {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const [here, there] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { holdId } = await here.hold(eventId, [4]);
  const ask = { eventId, holdId, method: cards.good, requestId: requestId() };
  const first = await here.request('bookings:checkout', ask);
  expect(await there.request('bookings:checkout', ask)).toEqual(first);
  const other = { ...ask, method: cards.declined };
  await there.expectDenied('bookings:checkout', other, 'request-id-reused');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500']);
  await here.confirm(eventId, holdId);
});

test('[PAY-2] asked ten times at once on two nodes, under ids of their own: one payment', async () => {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const clients = [await hubs.connect(user), await hubs.connect(user, 1)] as const;
  const { holdId } = await clients[0].hold(eventId, [4]);
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      checkout(clients[n % 2 === 0 ? 0 : 1], eventId, holdId, '4000000000020001:150'),
    ),
  );
  for (const { payment } of replies) expect(payment.state).toBe('authorised');
  expect(await hubs.sql('select 1 from simulated_payments where hold_id = $1', [holdId])).toHaveLength(1);
  await clients[1].confirm(eventId, holdId);
});
