/** Payments with Stripe's API on the loopback: what buyers do in their browser, told by webhooks. */
import { afterAll, expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { webhookPath } from '../../src/http/webhook.ts';
import { checkout, paidEvent, quick, sagaOf, untilSaga } from '../channels/sagas/support.ts';
import { node } from '../channels/support.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { StripeStandIn, webhookSecret } from './stripe-stand-in.ts';

const standIn = await StripeStandIn.start();
afterAll(() => standIn.stop());
const stripe = { secretKey: 'sk_test_1', webhookSecret, server: standIn.address };
const config: Partial<Config> = { payments: 'stripe', stripe };
// Nothing but a webhook tells: nobody looks by themselves so soon.
const hubs = await startTestHubs(2, { ...config, ...quick({ lookEveryMs: 600_000 }) });

const post = (body: string, signature?: string, on = 1) =>
  fetch(`${node(hubs, on).url}${webhookPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(signature ? { 'stripe-signature': signature } : {}) },
    body,
  });

/** Tells the hub as Stripe does. */
async function tell(type: string, paymentId: string): Promise<void> {
  const { body, signature } = standIn.webhook(type, standIn.books.intents.get(paymentId));
  expect((await post(body, signature)).status).toBe(204);
}

/** A buyer with the form of the provider in front of them. */
async function formShown() {
  const eventId = await paidEvent(hubs);
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const { holdId } = await buyer.hold(eventId, [4, 5]);
  const { payment } = await checkout(buyer, eventId, holdId);
  const paymentId = (await sagaOf(hubs, holdId)).payment_id ?? '';
  return { eventId, user, buyer, holdId, payment, paymentId };
}

const declineInBrowser = (paymentId: string) =>
  Object.assign(standIn.books.intents.get(paymentId) as object, {
    status: 'requires_payment_method',
    last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
  });

test('a buyer pays in the form of the provider: a webhook tells, and the hub books and takes the money', async () => {
  const { buyer, eventId, holdId, payment, paymentId } = await formShown();
  const action = { kind: 'client-secret', clientSecret: `${paymentId}_secret` };
  expect(payment).toEqual({ state: 'pending', amountCents: 5000, currency: 'EUR', action });
  // Asked again, on a page that was loaded anew.
  expect((await checkout(buyer, eventId, holdId)).payment).toEqual(payment);
  await buyer.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'payment-pending',
  );
  standIn.books.act(paymentId);
  const told = buyer.next('bookings:confirmed');
  await tell('payment_intent.amount_capturable_updated', paymentId);
  expect((await told).booking).toMatchObject({ holdId, status: 'confirmed' });
  await untilSaga(hubs, holdId, 'captured');
  expect(standIn.books.intents.get(paymentId)).toMatchObject({ status: 'succeeded', amount_received: 5000 });
});

test('[PAY-7] declined in the form, then paid there without asking us again: the seats are booked', async () => {
  const { buyer, eventId, holdId, paymentId } = await formShown();
  declineInBrowser(paymentId);
  const told = buyer.next('bookings:paid');
  await tell('payment_intent.payment_failed', paymentId);
  expect(await told).toMatchObject({ payment: { state: 'declined' }, reason: /not enough money/ });
  await buyer.expectDenied(
    'bookings:confirm',
    { eventId, holdId, requestId: requestId() },
    'payment-required',
  );
  standIn.books.act(paymentId);
  await tell('payment_intent.amount_capturable_updated', paymentId);
  await untilSaga(hubs, holdId, 'captured');
});

test('a webhook that comes late or twice changes nothing', async () => {
  const { holdId, paymentId } = await formShown();
  standIn.books.act(paymentId);
  await Promise.all([1, 2, 3].map(() => tell('payment_intent.amount_capturable_updated', paymentId)));
  await untilSaga(hubs, holdId, 'captured');
  for (const type of ['payment_failed', 'amount_capturable_updated', 'canceled', 'succeeded'])
    await tell(`payment_intent.${type}`, paymentId);
  expect(await sagaOf(hubs, holdId)).toMatchObject({ state: 'captured' });
  expect((await sagaOf(hubs, holdId)).steps.every((step) => step.endsWith(' done'))).toBe(true);
});

test('[PAY-7] cancelled seat by seat: refunded with Stripe, seat by seat', async () => {
  const { buyer, holdId, paymentId } = await formShown();
  const told = buyer.next('bookings:confirmed');
  standIn.books.act(paymentId);
  await tell('payment_intent.amount_capturable_updated', paymentId);
  const { id: bookingId } = (await told).booking;
  for (const seats of [[4], [5]])
    await buyer.request('bookings:cancel', { bookingId, seats, requestId: requestId() });
  await untilSaga(hubs, holdId, 'refunded');
  const refunds = standIn.books.refunds.filter((refund) => refund.payment_intent === paymentId);
  expect(refunds.map(({ amount }) => amount)).toEqual([2500, 2500]);
});

test('what is not signed with our secret, is old, or was changed on the way is refused with 400', async () => {
  const { holdId, paymentId } = await formShown();
  standIn.books.act(paymentId);
  const intent = standIn.books.intents.get(paymentId);
  const type = 'payment_intent.amount_capturable_updated';
  const good = standIn.webhook(type, intent);
  const forged = standIn.webhook(type, intent, { secret: 'whsec_other' });
  const old = standIn.webhook(type, intent, { ageSeconds: 3600 });
  for (const [body, signature] of [
    [good.body, undefined],
    [good.body, 'nonsense'],
    [`${good.body} `, good.signature],
    [forged.body, forged.signature],
    [old.body, old.signature],
  ] as const) {
    const answer = await post(body, signature);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'invalid-request',
      details: { field: 'stripe-signature' },
    });
  }
  expect((await sagaOf(hubs, holdId)).state).toBe('pending');
  expect((await post(good.body, good.signature)).status).toBe(204);
  await untilSaga(hubs, holdId, 'captured');
});

test('what does not concern us is taken, so that it is not sent again', async () => {
  for (const [type, object] of [
    ['customer.created', { id: 'cus_1', object: 'customer' }],
    ['payment_intent.succeeded', { id: 'pi_of_somebody', object: 'payment_intent', metadata: {} }],
    ['payment_intent.succeeded', { id: 'pi_unknown', object: 'payment_intent', metadata: { holdId: 'x' } }],
  ] as const) {
    const { body, signature } = standIn.webhook(type, object);
    expect((await post(body, signature)).status).toBe(204);
  }
});

test('only POST, and no body that is too long', async () => {
  const get = await fetch(`${node(hubs).url}${webhookPath}`);
  expect([get.status, get.headers.get('content-type')]).toEqual([405, 'application/problem+json']);
  expect((await post('x'.repeat(70_000), 'v1=1')).status).toBe(413);
});

test('with the simulated provider there is no such path', async () => {
  const simulated = await startTestHubs(1, quick());
  const answer = await fetch(`${node(simulated).url}${webhookPath}`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(404);
});
