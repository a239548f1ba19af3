/** What a node leaves that dies over a step of a payment: written, leased, and done at the provider or not. */
import { afterEach, expect, test } from 'vitest';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { SimulatedLedger } from '../../src/payments/simulated-ledger.ts';
import {
  buy,
  cards,
  checkout,
  expectBalanced,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  untilDead,
  untilMap,
  untilSaga,
} from '../channels/sagas/support.ts';
import { node } from '../channels/support.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(2, quick({ bookAfterMs: 150 }));
/** The provider, as the dead node had it. */
const provider = new SimulatedProvider(new SimulatedLedger(node(hubs).engine.db));
/** How long the dead node's lease has still to run. */
const leftMs = 300;

afterEach(() => expectBalanced(hubs));

const moments = ['before the call', 'after the call'] as const;

/** A hold whose payment a node had begun when it died. */
async function begun(kind: 'start' | 'authorise') {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const buyer = await hubs.connect(user, 1);
  const { holdId } = await buyer.hold(eventId, [4]);
  const reference = { holdId, eventId, userId: user.id };
  const idempotencyKey = `${holdId}:start:1`;
  const start = () =>
    provider.start({ idempotencyKey, amountCents: 2500, currency: 'EUR', reference, method: cards.good });
  const paymentId = kind === 'authorise' ? (await start()).paymentId : null;
  return { eventId, userId: user.id, buyer, holdId, paymentId, start };
}

/** Writes the payment as it is in PostgreSQL when its node dies over its step. */
const leave = (
  saga: { eventId: string; userId: string; holdId: string; paymentId: string | null },
  kind: string,
) =>
  hubs.sql(
    `with saga as (
       insert into sagas (hold_id, event_id, user_id, provider, method, seats, amount_cents, currency, state, payment_id)
       values ($1, $2, $3, 'simulated', $4, '{4}', 2500, 'EUR', $5, $6) returning hold_id
     )
     insert into saga_steps (hold_id, kind, attempts, due_at)
     select hold_id, $7, 1, now() + $8 * interval '1 millisecond' from saga`,
    [
      ...[saga.holdId, saga.eventId, saga.userId, cards.good],
      ...[kind === 'start' ? 'starting' : 'started', saga.paymentId, kind, leftMs],
    ],
  );

/** Makes a step that was put aside one that a node has just died over. */
const leaveDead = (holdId: string) =>
  hubs.sql(
    `update saga_steps set state = 'due', attempts = 1, due_at = now() + $2 * interval '1 millisecond'
     where hold_id = $1 and state = 'dead'`,
    [holdId, leftMs],
  );

test.each(moments)(
  '[PAY-3] a node that dies %s that makes the payment: another one goes on',
  async (moment) => {
    const payment = await begun('start');
    if (moment === 'after the call') await payment.start();
    await leave(payment, 'start');
    await untilSaga(hubs, payment.holdId, 'captured');
    expect(await moved(hubs, payment.holdId)).toEqual(['authorise 2500', 'capture 2500']);
    expect(
      await hubs.sql('select 1 from simulated_payments where hold_id = $1', [payment.holdId]),
    ).toHaveLength(1);
  },
);

test.each(moments)('[PAY-3] a node that dies %s to the bank: the money is set aside once', async (moment) => {
  const payment = await begun('authorise');
  const { holdId, paymentId } = payment;
  if (moment === 'after the call')
    await provider.authorise({
      idempotencyKey: `${holdId}:authorise:1`,
      paymentId: paymentId ?? '',
      method: cards.good,
    });
  await leave(payment, 'authorise');
  // Whoever asks meanwhile waits for the other node's step.
  const { payment: seen } = await checkout(payment.buyer, payment.eventId, holdId, cards.good);
  expect(seen.state).toMatch(/authorised|booked|captured/);
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
});

test.each(moments)('[PAY-3] a node that dies %s that takes the money: it is taken once', async (moment) => {
  const eventId = await paidEvent(hubs);
  const buyer = await hubs.connect(await hubs.user());
  const { holdId } = await buy(buyer, eventId, [4], '4000000000030001:4');
  await untilDead(hubs, holdId, 'capture');
  const paymentId = (await sagaOf(hubs, holdId)).payment_id ?? '';
  if (moment === 'after the call') await provider.capture({ idempotencyKey: requestId(), paymentId });
  await leaveDead(holdId);
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'capture 2500']);
});

test.each(moments)('[PAY-3] a node that dies %s that lets go: it is let go of once', async (moment) => {
  const eventId = await paidEvent(hubs);
  const buyer = await hubs.connect(await hubs.user());
  const { holdId } = await pay(buyer, eventId, [4], '4000000000040001:4');
  await buyer.request('seats:release', { eventId, holdId, requestId: requestId() });
  await untilDead(hubs, holdId, 'void');
  const paymentId = (await sagaOf(hubs, holdId)).payment_id ?? '';
  if (moment === 'after the call') await provider.void({ idempotencyKey: requestId(), paymentId });
  await leaveDead(holdId);
  await untilSaga(hubs, holdId, 'voided');
  expect(await moved(hubs, holdId)).toEqual(['authorise 2500', 'void 2500']);
});

test.each(moments)('[PAY-3] a node that dies %s that gives back: it is given back once', async (moment) => {
  const eventId = await paidEvent(hubs);
  const buyer = await hubs.connect(await hubs.user());
  const { id: bookingId, holdId } = await buy(buyer, eventId, [4, 5], '4000000000050001:4');
  await buyer.request('bookings:cancel', { bookingId, seats: [4], requestId: requestId() });
  await untilDead(hubs, holdId, 'refund');
  const paymentId = (await sagaOf(hubs, holdId)).payment_id ?? '';
  const [step] = await hubs.sql<{ id: string }>(
    "select id from saga_steps where hold_id = $1 and kind = 'refund'",
    [holdId],
  );
  if (moment === 'after the call')
    await provider.refund({ idempotencyKey: `${holdId}:refund:${step?.id}`, paymentId, amountCents: 2500 });
  await leaveDead(holdId);
  await until(async () => (await sagaOf(hubs, holdId)).refunded_cents === 2500, 'the refund');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000', 'refund 2500']);
  expect((await sagaOf(hubs, holdId)).state).toBe('captured');
});

test('[PAY-4] a node that dies between holding the seats again and booking them: another one books', async () => {
  const payment = await begun('authorise');
  const { holdId, paymentId } = payment;
  await provider.authorise({
    idempotencyKey: `${holdId}:authorise:1`,
    paymentId: paymentId ?? '',
    method: cards.good,
  });
  await leave(payment, 'book');
  await hubs.sql("update sagas set state = 'authorised' where hold_id = $1", [holdId]);
  await untilSaga(hubs, holdId, 'captured');
  await untilMap(hubs, payment.eventId, 'ffffsf');
});
