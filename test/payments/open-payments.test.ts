import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { makeLogger } from '../../src/log.ts';
import { openPayments, type Payments } from '../../src/payments/open-payments.ts';
import type { PaymentNotice } from '../../src/payments/provider.ts';
import { type LedgerDatabase, ledgerDatabase } from './ledger-database.ts';
import { key, order } from './provider-contract.ts';
import { StripeStandIn, webhookSecret } from './stripe-stand-in.ts';

const log = makeLogger('silent', false, 'test');
const secrets = { PAYMENTS: 'stripe', STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: webhookSecret };
let database: LedgerDatabase;
const opened: Payments[] = [];

beforeAll(async () => {
  database = await ledgerDatabase();
});
afterAll(async () => {
  for (const payments of opened) payments.close();
  await database.drop();
});

async function open(
  environment: NodeJS.ProcessEnv,
  options: Partial<Parameters<typeof openPayments>[1]> = {},
): Promise<Payments> {
  const payments = await openPayments(readConfig(environment), { db: database.db, log, ...options });
  opened.push(payments);
  return payments;
}

test('simulated by default: guarded, in the books, with notices instead of webhooks', async () => {
  const told = Promise.withResolvers<PaymentNotice>();
  const { provider, readWebhook } = await open({}, { notify: told.resolve });
  expect([provider.name, provider.available, readWebhook]).toEqual(['simulated', true, undefined]);
  const { paymentId } = await provider.start(order('4000000000020006:1'));
  await provider.authorise({ idempotencyKey: key(), paymentId });
  expect(await told.promise).toMatchObject({ paymentId, state: 'authorised' });
  const [row] = await database.sql('select state from simulated_payments where id = $1', [paymentId]);
  expect(row).toEqual({ state: 'pending' });
});

test('the guard repeats what the card lets fail', async () => {
  const attempts: number[] = [];
  const { provider } = await open(
    {},
    {
      guard: { pauseMs: 1 },
      onEvent: (event) =>
        event.kind === 'call' && event.call === 'authorise' && attempts.push(event.attempts),
    },
  );
  const { paymentId } = await provider.start(order('4000000000020009'));
  expect((await provider.authorise({ idempotencyKey: key(), paymentId })).state).toBe('authorised');
  expect(attempts).toEqual([3]);
});

test('Stripe, with its webhooks', async () => {
  const { provider, readWebhook } = await open(secrets);
  expect(provider.name).toBe('stripe');
  const standIn = await StripeStandIn.start();
  try {
    const intent = { id: 'pi_1', metadata: { holdId: 'h1' } };
    const { body, signature } = standIn.webhook('payment_intent.canceled', intent);
    expect(readWebhook?.(body, signature)).toEqual({ paymentId: 'pi_1', holdId: 'h1', state: 'voided' });
  } finally {
    await standIn.stop();
  }
});
