/** The payment provider of the configuration, guarded and ready. */
import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log.ts';
import { defaultGuard, type Guard, type GuardEvent, GuardedProvider } from './guarded.ts';
import type { PaymentNotice } from './provider.ts';
import { SimulatedProvider } from './simulated.ts';
import { SimulatedLedger } from './simulated-ledger.ts';

/** Stripe's library gives up after the guard has: so that its sockets are closed too, but never first. */
const closeAfterMs = 2000;

export interface Payments {
  readonly provider: GuardedProvider;
  /** Only where the provider sends webhooks. @throws WebhookRefused */
  readonly readWebhook?: (rawBody: string | Uint8Array, signature: string) => PaymentNotice | undefined;
  close(): void;
}

export interface PaymentsOptions {
  db: Database;
  log: Logger;
  /** Is told what the simulated provider would send as a webhook. */
  notify?: (notice: PaymentNotice) => void;
  /** For metrics; logs are written in any case. */
  onEvent?: (event: GuardEvent) => void;
  guard?: Partial<Guard>;
}

export type PaymentsConfig = Pick<Config, 'payments' | 'stripe'>;

export async function openPayments(config: PaymentsConfig, options: PaymentsOptions): Promise<Payments> {
  const { db, log, notify, onEvent, guard = {} } = options;
  const watch = (event: GuardEvent) => {
    logEvent(log, event);
    onEvent?.(event);
  };
  if (!config.stripe) {
    const simulated = new SimulatedProvider(new SimulatedLedger(db), notify ? { notify } : {});
    return { provider: new GuardedProvider(simulated, guard, watch), close: () => simulated.close() };
  }
  // Stripe's library is large: it is loaded only by those who use it.
  const { StripeProvider } = await import('./stripe.ts');
  const { attemptMs } = { ...defaultGuard, ...guard };
  const stripe = new StripeProvider({ ...config.stripe, timeoutMs: attemptMs + closeAfterMs });
  return {
    provider: new GuardedProvider(stripe, guard, watch),
    readWebhook: (rawBody, signature) => stripe.readWebhook(rawBody, signature),
    close: () => undefined,
  };
}

function logEvent(log: Logger, event: GuardEvent): void {
  const { kind, ...facts } = event;
  if (event.kind === 'circuit')
    log[event.state === 'open' ? 'error' : 'warn'](
      facts,
      `the circuit to the payment provider is ${event.state}`,
    );
  else if (event.kind === 'retry') log.warn(facts, 'a payment call is repeated');
  else log.debug(facts, `a payment call ended: ${kind}`);
}
