import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebhookRefused } from '../../src/payments/provider.ts';
import { StripeProvider } from '../../src/payments/stripe.ts';
import { key, noOutcome, order, paid, providerContract, refusal } from './provider-contract.ts';
import { StripeStandIn, webhookSecret } from './stripe-stand-in.ts';

const card = 'pm_card_visa';
let standIn: StripeStandIn;
let provider: StripeProvider;

const over = (server: { protocol: 'http'; host: string; port: number }, timeoutMs = 10_000) =>
  new StripeProvider({ secretKey: 'sk_test_stand_in', webhookSecret, server, timeoutMs });

beforeEach(async () => {
  standIn = await StripeStandIn.start();
  provider = over(standIn.address);
});
afterEach(() => standIn.stop());

providerContract(() => provider, {
  approved: card,
  declined: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  captureRefused: 'pm_card_captureDeclined',
  refundRefused: 'pm_card_refundFail',
  unknown: 'pm_nobody',
});

describe('what Stripe is asked', () => {
  test('one request a call, with its key and what it is for', async () => {
    const asked = order(card);
    const { paymentId } = await provider.start(asked);
    const idempotencyKey = key();
    await provider.authorise({ idempotencyKey, paymentId });
    expect(standIn.log).toEqual([
      'POST /v1/payment_intents',
      `POST /v1/payment_intents/${paymentId}/confirm`,
    ]);
    expect(standIn.requests.map((request) => request.key)).toEqual([asked.idempotencyKey, idempotencyKey]);
    const { holdId, eventId, userId } = asked.reference;
    expect(Object.fromEntries(standIn.requests[0]?.form ?? [])).toMatchObject({
      amount: '4500',
      currency: 'eur',
      capture_method: 'manual',
      'metadata[holdId]': holdId,
      'metadata[eventId]': eventId,
      'metadata[userId]': userId,
    });
  });

  test('nothing twice by the library itself', async () => {
    standIn.disturb({ match: /confirm/, status: 500 });
    const paymentId = await paid(provider, card, 'created');
    await noOutcome(provider.authorise({ idempotencyKey: key(), paymentId }));
    expect(standIn.log.filter((line) => line.endsWith('confirm'))).toHaveLength(1);
  });
});

describe('a buyer who has to act', () => {
  test('gets the secret for the library in the browser, or a page of the bank', async () => {
    for (const returnUrl of [undefined, 'https://tickets.example/back']) {
      const paymentId = await paid(provider, 'pm_card_authenticationRequired', 'created');
      const request = { idempotencyKey: key(), paymentId, ...(returnUrl ? { returnUrl } : {}) };
      const pending = await provider.authorise(request);
      const action = returnUrl
        ? { kind: 'redirect', url: `https://bank.example/?${paymentId}` }
        : { kind: 'client-secret', clientSecret: `${paymentId}_secret` };
      expect(pending).toMatchObject({ state: 'pending', action });
      expect((await refusal(provider.capture({ idempotencyKey: key(), paymentId }))).code).toBe(
        'wrong-state',
      );
      standIn.books.act(paymentId);
      expect((await provider.find(paymentId))?.state).toBe('authorised');
      // Under the same key Stripe tells the old story again.
      expect((await provider.authorise(request)).state).toBe('authorised');
    }
  });

  test('and gave the method to Stripe directly: authorising answers what became of it', async () => {
    const { paymentId } = await provider.start(order());
    standIn.books.act(paymentId);
    expect((await provider.authorise({ idempotencyKey: key(), paymentId })).state).toBe('authorised');
  });
});

describe('banks that say no', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'card-declined'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card-lost-or-stolen'],
    ['pm_card_chargeDeclinedExpiredCard', 'card-expired'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'card-details-wrong'],
  ])('%s is %s', async (method, code) => {
    const paymentId = await paid(provider, method, 'created');
    const answer = await provider.authorise({ idempotencyKey: key(), paymentId });
    expect(answer).toMatchObject({ state: 'declined', code });
    expect(JSON.stringify(answer)).not.toMatch(/stolen\.|Your card/);
  });

  test('and have let go of the amount: it cannot be captured', async () => {
    const paymentId = await paid(provider, card, 'authorised');
    standIn.books.expire(paymentId);
    const { code, payment } = await refusal(provider.capture({ idempotencyKey: key(), paymentId }));
    expect([code, payment?.state]).toEqual(['wrong-state', 'voided']);
  });
});

describe('no outcome', () => {
  test.each([
    ['rate-limited', { status: 429 }],
    ['provider-error', { status: 500 }],
    ['in-progress', { status: 409 }],
    ['credentials', { status: 401 }],
    ['credentials', { status: 403 }],
    ['provider-error', { garbage: true }],
    // The library itself asks once more when a connection is closed.
    ['network', { cut: true, times: 2 }],
  ] as const)('%s: %o', async (reason, how) => {
    standIn.disturb({ match: /POST/, ...how });
    expect((await noOutcome(provider.start(order(card)))).reason).toBe(reason);
  });

  test('network: nobody is there', async () => {
    const { address } = standIn;
    await standIn.stop();
    expect((await noOutcome(over(address).find('pi_1'))).reason).toBe('network');
    standIn = await StripeStandIn.start();
  });

  test('time-out: an answer that never comes, until the library gives up or the caller', async () => {
    standIn.disturb({ match: /POST/, hang: true, times: 2 });
    expect((await noOutcome(over(standIn.address, 50).start(order(card)))).reason).toBe('time-out');
    expect((await noOutcome(provider.start(order(card), AbortSignal.timeout(20)))).reason).toBe('time-out');
  });
});

/** Makes a call that Stripe does, and whose answer never comes. */
async function unanswered(match: RegExp, call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const caller = new AbortController();
  const done = standIn.disturb({ match, hang: true, done: true });
  const lost = noOutcome(call(caller.signal));
  await done;
  caller.abort();
  expect((await lost).reason).toBe('time-out');
}

describe('asked again under the same key', () => {
  test.each(['authorise', 'capture', 'void'] as const)('%s that was done and got lost', async (call) => {
    const paymentId = await paid(provider, card, call === 'authorise' ? 'created' : 'authorised');
    const request = { idempotencyKey: key(), paymentId };
    await unanswered(/POST/, (signal) => provider[call](request, signal));
    const states = { authorise: 'authorised', capture: 'captured', void: 'voided' };
    expect((await provider[call](request)).state).toBe(states[call]);
    expect(standIn.books.intents.size).toBe(1);
  });

  test.each([true, false])(
    'a 500 that Stripe remembers is asked anew, whether it was done (%s) or not',
    async (done) => {
      const paymentId = await paid(provider, card, 'authorised');
      standIn.disturb({ match: /capture/, status: 500, done });
      const request = { idempotencyKey: key(), paymentId };
      expect((await noOutcome(provider.capture(request))).reason).toBe('provider-error');
      expect((await provider.capture(request)).state).toBe('captured');
      const keys = standIn.requests
        .slice(-4)
        .flatMap((each) => (each.path.endsWith('capture') ? [each.key] : []));
      expect(keys.at(-1)).toBe(`${request.idempotencyKey}~2`);
    },
  );

  test('a start that was done and got lost is one payment', async () => {
    standIn.disturb({ match: /POST/, cut: true, done: true, times: 2 });
    const asked = order(card);
    await provider.start(asked);
    await provider.start(asked);
    expect(standIn.books.intents.size).toBe(1);
  });

  test('a refund is made once, also when Stripe has forgotten the key', async () => {
    const paymentId = await paid(provider, card, 'captured');
    const part = { idempotencyKey: key(), paymentId, amountCents: 3000 };
    await unanswered(/POST .*refunds/, (signal) => provider.refund(part, signal));
    standIn.forgetKeys();
    expect(await provider.refund(part)).toMatchObject({ state: 'captured', refundedCents: 3000 });
    expect(standIn.books.refunds).toHaveLength(1);
  });

  test('capture and void are done once, also when Stripe has forgotten the key', async () => {
    const taken = { idempotencyKey: key(), paymentId: await paid(provider, card, 'authorised') };
    const dropped = { idempotencyKey: key(), paymentId: await paid(provider, card, 'authorised') };
    await provider.capture(taken);
    await provider.void(dropped);
    standIn.forgetKeys();
    expect((await provider.capture(taken)).state).toBe('captured');
    expect((await provider.void(dropped)).state).toBe('voided');
  });
});

describe('webhooks', () => {
  let paymentId: string;
  let holdId: string;
  const intent = () => standIn.books.intents.get(paymentId);
  const read = (type: string, object: unknown) => {
    const { body, signature } = standIn.webhook(type, object);
    return provider.readWebhook(body, signature);
  };
  beforeEach(async () => {
    const asked = order(card);
    ({ paymentId } = await provider.start(asked));
    ({ holdId } = asked.reference);
  });

  test.each([
    ['payment_intent.processing', 'pending'],
    ['payment_intent.requires_action', 'pending'],
    ['payment_intent.amount_capturable_updated', 'authorised'],
    ['payment_intent.payment_failed', 'declined'],
    ['payment_intent.succeeded', 'captured'],
    ['payment_intent.canceled', 'voided'],
  ])('%s says %s', (type, state) => {
    expect(read(type, intent())).toEqual({ paymentId, holdId, state });
  });

  test('charge.refunded says whether all of it was', async () => {
    await provider.authorise({ idempotencyKey: key(), paymentId });
    await provider.capture({ idempotencyKey: key(), paymentId });
    await provider.refund({ idempotencyKey: key(), paymentId, amountCents: 1 });
    expect(read('charge.refunded', standIn.books.charge(paymentId))).toEqual({
      paymentId,
      holdId,
      state: 'captured',
    });
    await provider.refund({ idempotencyKey: key(), paymentId });
    expect(read('charge.refunded', standIn.books.charge(paymentId))?.state).toBe('refunded');
  });

  test('say nothing about other things, or payments of others', () => {
    expect(read('customer.created', { id: 'cus_1', metadata: { holdId } })).toBeUndefined();
    expect(read('payment_intent.created', intent())).toBeUndefined();
    expect(read('payment_intent.succeeded', { ...intent(), metadata: {} })).toBeUndefined();
  });

  test('are refused if they are not signed with our secret, changed, or old', () => {
    const type = 'payment_intent.succeeded';
    const { body, signature } = standIn.webhook(type, intent());
    const forged = standIn.webhook(type, intent(), { secret: 'whsec_other' });
    const old = standIn.webhook(type, intent(), { ageSeconds: 3600 });
    for (const [text, header] of [
      [forged.body, forged.signature],
      [old.body, old.signature],
      [body.replace('succeeded', 'canceled'), signature],
      [body, ''],
      [body, 't=1,v1=x'],
    ] as const)
      expect(() => provider.readWebhook(text, header)).toThrow(WebhookRefused);
    expect(provider.readWebhook(Buffer.from(body), signature)?.state).toBe('captured');
  });
});
