/**
 * Stripe's PaymentIntents, through Stripe's own library: `start` creates one with manual capture and does
 * not confirm it, `authorise` confirms it, `void` cancels it. Only cards, because only with them money is
 * set aside at once and taken later.
 *
 * Stripe remembers what it answered to an idempotency key for at least a day, and a saga may take longer. So
 * nothing rests on keys alone: a PaymentIntent can be confirmed, captured and cancelled once anyway, and a
 * refund carries its key in its metadata, where it is looked up first.
 */
import Stripe from 'stripe';
import { declineTexts } from './declines.ts';
import {
  type AuthoriseRequest,
  type CaptureRequest,
  type DeclineCode,
  type Payment,
  PaymentDeclined,
  type PaymentNotice,
  type PaymentProvider,
  PaymentUnavailable,
  type RefundRequest,
  type StartRequest,
  type VoidRequest,
  WebhookRefused,
} from './provider.ts';
import { isReplay, isStale, isStripeError, paymentError } from './stripe-errors.ts';
import { metadataOf, noticeOf, paymentOf } from './stripe-payment.ts';

/** How often a call is asked anew under another key when all that its key brings is an old failure. */
const maxKeys = 4;
const expand = ['latest_charge'];

export interface StripeOptions {
  secretKey: string;
  webhookSecret: string;
  /** When the library gives a silent connection up. The guard around it is no more patient. Default 10 s. */
  timeoutMs?: number;
  /** For tests; without it Stripe itself. */
  server?: { protocol: 'http' | 'https'; host: string; port: number };
}

type Send<T> = (options: Stripe.RequestOptions) => Promise<Stripe.Response<T>>;

export class StripeProvider implements PaymentProvider {
  readonly name = 'stripe';
  readonly #stripe: Stripe;
  readonly #webhookSecret: string;

  constructor({ secretKey, webhookSecret, timeoutMs = 10_000, server = undefined }: StripeOptions) {
    this.#webhookSecret = webhookSecret;
    // Retries are those of the guard around this, and nothing is told to Stripe but the payments.
    this.#stripe = new Stripe(secretKey, {
      maxNetworkRetries: 0,
      timeout: timeoutMs,
      telemetry: false,
      ...server,
    });
  }

  start(request: StartRequest, signal?: AbortSignal): Promise<Payment> {
    const { idempotencyKey, amountCents, currency, method, reference } = request;
    const params: Stripe.PaymentIntentCreateParams = {
      amount: amountCents,
      currency: currency.toLowerCase(),
      capture_method: 'manual',
      allowed_payment_method_types: ['card'],
      metadata: metadataOf(reference),
      expand,
      ...(method === undefined ? {} : { payment_method: method }),
    };
    return answered(signal, async () => {
      const intent = await once(idempotencyKey, (options) =>
        this.#stripe.paymentIntents.create(params, options),
      );
      // A remembered answer is as old as the first one.
      return isReplay(intent.lastResponse.headers) ? this.#read(intent.id) : paymentOf(intent);
    });
  }

  authorise({ idempotencyKey, paymentId, method, returnUrl }: AuthoriseRequest, signal?: AbortSignal) {
    const params: Stripe.PaymentIntentConfirmParams = {
      expand,
      ...(method === undefined ? {} : { payment_method: method }),
      ...(returnUrl === undefined ? {} : { return_url: returnUrl }),
    };
    return answered(signal, async () => {
      const payment = await this.#change(paymentId, idempotencyKey, (options) =>
        this.#stripe.paymentIntents.confirm(paymentId, params, options),
      );
      const { state } = payment;
      if (state === 'authorised' || state === 'pending' || state === 'declined') return payment;
      throw declined('wrong-state', payment);
    });
  }

  capture({ idempotencyKey, paymentId }: CaptureRequest, signal?: AbortSignal) {
    return answered(signal, async () => {
      const payment = await this.#change(paymentId, idempotencyKey, (options) =>
        this.#stripe.paymentIntents.capture(paymentId, { expand }, options),
      ).catch((error) => {
        throw error instanceof Stripe.errors.StripeCardError
          ? declined('capture-refused', undefined, error)
          : error;
      });
      if (payment.state === 'captured' || payment.state === 'refunded') return payment;
      throw declined('wrong-state', payment);
    });
  }

  void({ idempotencyKey, paymentId }: VoidRequest, signal?: AbortSignal) {
    return answered(signal, async () => {
      const payment = await this.#change(paymentId, idempotencyKey, (options) =>
        this.#stripe.paymentIntents.cancel(paymentId, { cancellation_reason: 'abandoned', expand }, options),
      );
      if (payment.state === 'voided') return payment;
      throw declined('wrong-state', payment);
    });
  }

  refund({ idempotencyKey, paymentId, amountCents }: RefundRequest, signal?: AbortSignal) {
    return answered(signal, async () => {
      const before = await this.#read(paymentId);
      if (before.state === 'refunded') return before;
      if (before.state !== 'captured') throw declined('wrong-state', before);
      const earlier = await this.#refundOf(paymentId, idempotencyKey);
      if (!earlier && amountCents !== undefined && amountCents > before.amountCents - before.refundedCents)
        throw declined('amount-invalid', before);
      const params: Stripe.RefundCreateParams = {
        payment_intent: paymentId,
        metadata: { key: idempotencyKey },
        ...(amountCents === undefined ? {} : { amount: amountCents }),
      };
      const refund =
        earlier ?? (await once(idempotencyKey, (options) => this.#stripe.refunds.create(params, options)));
      if (refund.status === 'failed' || refund.status === 'canceled')
        throw declined('refund-refused', before);
      const payment = await this.#read(paymentId);
      if (payment.state === 'captured' || payment.state === 'refunded') return payment;
      throw declined('wrong-state', payment);
    });
  }

  async find(paymentId: string, signal?: AbortSignal): Promise<Payment | undefined> {
    try {
      return await answered(signal, () => this.#read(paymentId));
    } catch (error) {
      if (error instanceof PaymentDeclined && error.code === 'payment-not-found') return undefined;
      throw error;
    }
  }

  /**
   * What a webhook says. undefined: nothing that concerns us.
   * @param rawBody as it came: a body that was parsed and written again has another signature
   * @param signature the header `stripe-signature`
   * @throws WebhookRefused if it is not Stripe's, or older than 5 minutes
   */
  readWebhook(rawBody: string | Uint8Array, signature: string): PaymentNotice | undefined {
    let event: Stripe.Event;
    try {
      event = this.#stripe.webhooks.constructEvent(rawBody, signature, this.#webhookSecret);
    } catch (cause) {
      throw new WebhookRefused('the webhook is not signed by Stripe', { cause });
    }
    return noticeOf(event);
  }

  async #read(paymentId: string): Promise<Payment> {
    return paymentOf(await this.#stripe.paymentIntents.retrieve(paymentId, { expand }));
  }

  /**
   * The payment after a call that changes it. A "no" that may only mean that it was changed already is
   * answered with the payment as it is now.
   */
  async #change(paymentId: string, key: string, send: Send<Stripe.PaymentIntent>): Promise<Payment> {
    try {
      const intent = await once(key, send);
      return isReplay(intent.lastResponse.headers) ? await this.#read(paymentId) : paymentOf(intent);
    } catch (error) {
      if (!isStripeError(error)) throw error;
      const isDeclined = error instanceof Stripe.errors.StripeCardError && error.payment_intent !== undefined;
      if (!isDeclined && error.code !== 'payment_intent_unexpected_state') throw error;
      const payment = await this.#read(paymentId);
      // The bank refused to capture what is still set aside.
      if (isDeclined && payment.state === 'authorised') throw error;
      return payment;
    }
  }

  /** The refund that was made under a key, also when Stripe has forgotten the key itself. */
  async #refundOf(paymentId: string, key: string): Promise<Stripe.Refund | undefined> {
    // One refund for each seat of a booking at most, so a page holds all of them.
    const { data } = await this.#stripe.refunds.list({ payment_intent: paymentId, limit: 100 });
    return data.find((refund) => refund.metadata?.['key'] === key);
  }
}

/**
 * Sends under a key. If Stripe only repeats an old failure, the same is sent under a key made from it:
 * safe, as a PaymentIntent takes each change once, and nobody pays one that was created twice.
 */
async function once<T>(key: string, send: Send<T>): Promise<Stripe.Response<T>> {
  for (let round = 1; ; round++) {
    try {
      return await send({ idempotencyKey: round === 1 ? key : `${key}~${round}` });
    } catch (error) {
      if (!isStale(error) || round === maxKeys) throw error;
    }
  }
}

/** Only errors of the two kinds come out; and the signal ends the wait, which the library cannot. */
async function answered<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const gaveUp = Promise.withResolvers<never>();
  const giveUp = () => gaveUp.reject(new PaymentUnavailable('time-out', 'the call to Stripe was given up'));
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([gaveUp.promise, work()]);
  } catch (error) {
    throw paymentError(error);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

const declined = (code: DeclineCode, payment?: Payment, cause?: unknown): PaymentDeclined =>
  new PaymentDeclined(code, declineTexts[code], { ...(payment ? { payment } : {}), cause });
