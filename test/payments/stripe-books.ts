/** The PaymentIntents and refunds of the stand-in: what Stripe does with them, without any HTTP. */

export interface Answer {
  status: number;
  body: unknown;
  replayed?: boolean;
}

interface Intent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  currency: string;
  status: string;
  client_secret: string;
  metadata: Record<string, string>;
  payment_method: string | null;
  last_payment_error: object | null;
  next_action: object | null;
  latest_charge: string | null;
  cancellation_reason: string | null;
}

interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  payment_intent: string;
  status: string;
  metadata: Record<string, string>;
}

/** How the methods end that are declined; Stripe's test mode has the same names. */
const declines: Record<string, { code: string; decline_code?: string }> = {
  pm_card_visa_chargeDeclined: { code: 'card_declined', decline_code: 'generic_decline' },
  pm_card_visa_chargeDeclinedInsufficientFunds: { code: 'card_declined', decline_code: 'insufficient_funds' },
  pm_card_visa_chargeDeclinedStolenCard: { code: 'card_declined', decline_code: 'stolen_card' },
  pm_card_chargeDeclinedExpiredCard: { code: 'expired_card' },
  pm_card_chargeDeclinedIncorrectCvc: { code: 'incorrect_cvc' },
};
const others = [
  'pm_card_visa',
  'pm_card_authenticationRequired',
  'pm_card_captureDeclined',
  'pm_card_refundFail',
];

export class StripeBooks {
  readonly intents = new Map<string, Intent>();
  readonly refunds: Refund[] = [];

  answer(method: string, path: string, form: URLSearchParams): Answer {
    const [, , resource = '', id, action] = path.split('/');
    if (method === 'POST' && path === '/v1/payment_intents') return this.#create(form);
    if (method === 'POST' && path === '/v1/refunds') return this.#refund(form);
    if (method === 'GET' && path === '/v1/refunds') return this.#list(form);
    const intent = resource === 'payment_intents' ? this.intents.get(id ?? '') : undefined;
    if (!intent) return missing('intent');
    if (method === 'GET' && action === undefined) return this.#shown(intent, form);
    if (action === 'confirm') return this.#confirm(intent, form);
    if (action === 'capture') return this.#capture(intent, form);
    if (action === 'cancel') return this.#cancel(intent, form);
    return failure(404, { message: 'Unrecognized request URL' });
  }

  /** The buyer does what the bank or the form in the browser asks for. */
  act(id: string): void {
    const intent = this.intents.get(id) as Intent;
    Object.assign(intent, { status: 'requires_capture', next_action: null, latest_charge: `ch_${id}` });
  }

  /** The bank lets go of the amount by itself. */
  expire(id: string): void {
    Object.assign(this.intents.get(id) as Intent, { status: 'canceled', cancellation_reason: 'automatic' });
  }

  /** The charge of an intent, as webhooks carry it. */
  charge(id: string) {
    const { amount_received: amount, metadata } = this.intents.get(id) as Intent;
    const refunded = this.#refundedOf(id);
    return {
      id: `ch_${id}`,
      object: 'charge',
      payment_intent: id,
      metadata,
      amount_refunded: refunded,
      refunded: refunded === amount,
    };
  }

  #create(form: URLSearchParams): Answer {
    const amount = Number(form.get('amount'));
    const method = form.get('payment_method');
    if (form.get('capture_method') !== 'manual' || form.get('allowed_payment_method_types[0]') !== 'card')
      return failure(400, { message: 'The stand-in knows cards with manual capture only' });
    if (amount < 50) return failure(400, { code: 'amount_too_small', param: 'amount', message: 'Too small' });
    if (method !== null && !isMethod(method)) return missing('payment_method');
    const id = `pi_${this.intents.size + 1}`;
    const metadata = metadataOf(form);
    const status = method === null ? 'requires_payment_method' : 'requires_confirmation';
    const intent: Intent = {
      ...{ id, object: 'payment_intent', amount, amount_received: 0, currency: form.get('currency') ?? '' },
      ...{ status, client_secret: `${id}_secret`, metadata, payment_method: method },
      ...{ last_payment_error: null, next_action: null, latest_charge: null, cancellation_reason: null },
    };
    this.intents.set(id, intent);
    return this.#shown(intent, form);
  }

  #confirm(intent: Intent, form: URLSearchParams): Answer {
    const method = form.get('payment_method') ?? intent.payment_method;
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status))
      return unexpected(intent);
    if (method === null) return unexpected(intent);
    if (!isMethod(method)) return missing('payment_method');
    const decline = declines[method];
    if (decline) {
      const error = { ...decline, type: 'card_error', message: 'Your card was declined.' };
      Object.assign(intent, {
        status: 'requires_payment_method',
        payment_method: null,
        last_payment_error: error,
      });
      return failure(402, { ...error, payment_intent: intent });
    }
    const url = form.get('return_url');
    if (method === 'pm_card_authenticationRequired')
      Object.assign(intent, {
        status: 'requires_action',
        next_action: url
          ? {
              type: 'redirect_to_url',
              redirect_to_url: { url: `https://bank.example/?${intent.id}`, return_url: url },
            }
          : { type: 'use_stripe_sdk', use_stripe_sdk: {} },
      });
    else Object.assign(intent, { status: 'requires_capture', latest_charge: `ch_${intent.id}` });
    Object.assign(intent, { payment_method: method, last_payment_error: null });
    return this.#shown(intent, form);
  }

  #capture(intent: Intent, form: URLSearchParams): Answer {
    if (intent.status !== 'requires_capture') return unexpected(intent);
    if (intent.payment_method === 'pm_card_captureDeclined')
      return failure(402, {
        type: 'card_error',
        code: 'card_declined',
        message: 'No.',
        payment_intent: intent,
      });
    Object.assign(intent, { status: 'succeeded', amount_received: intent.amount });
    return this.#shown(intent, form);
  }

  #cancel(intent: Intent, form: URLSearchParams): Answer {
    if (['succeeded', 'canceled', 'processing'].includes(intent.status)) return unexpected(intent);
    Object.assign(intent, { status: 'canceled', cancellation_reason: form.get('cancellation_reason') });
    return this.#shown(intent, form);
  }

  #refund(form: URLSearchParams): Answer {
    const intent = this.intents.get(form.get('payment_intent') ?? '');
    if (!intent) return missing('payment_intent');
    const left = intent.amount_received - this.#refundedOf(intent.id);
    if (left === 0) return failure(400, { code: 'charge_already_refunded', message: 'Already refunded' });
    const amount = Number(form.get('amount') ?? left);
    if (amount > left) return failure(400, { param: 'amount', message: 'Greater than what is left' });
    const refund: Refund = {
      id: `re_${this.refunds.length + 1}`,
      object: 'refund',
      amount,
      payment_intent: intent.id,
      status: intent.payment_method === 'pm_card_refundFail' ? 'failed' : 'succeeded',
      metadata: metadataOf(form),
    };
    this.refunds.push(refund);
    return { status: 200, body: refund };
  }

  #list(form: URLSearchParams): Answer {
    const data = this.refunds.filter((refund) => refund.payment_intent === form.get('payment_intent'));
    return {
      status: 200,
      body: { object: 'list', data: data.toReversed(), has_more: false, url: '/v1/refunds' },
    };
  }

  #refundedOf(id: string): number {
    const counted = this.refunds.filter(
      ({ payment_intent, status }) => payment_intent === id && status !== 'failed',
    );
    return counted.reduce((sum, { amount }) => sum + amount, 0);
  }

  /** A copy, so that what is remembered under a key stays as it was. */
  #shown(intent: Intent, form: URLSearchParams): Answer {
    const body = structuredClone(intent) as Omit<Intent, 'latest_charge'> & { latest_charge: unknown };
    if (intent.latest_charge && form.get('expand[0]') === 'latest_charge')
      body.latest_charge = this.charge(intent.id);
    return { status: 200, body };
  }
}

export const failure = (status: number, error: Record<string, unknown>): Answer => ({
  status,
  body: { error: structuredClone({ type: 'invalid_request_error', ...error }) },
});

const isMethod = (method: string) => method in declines || others.includes(method);
const missing = (param: string) =>
  failure(404, { code: 'resource_missing', param, message: `No such ${param}` });
const unexpected = (intent: Intent) =>
  failure(400, {
    code: 'payment_intent_unexpected_state',
    message: `This PaymentIntent's status is ${intent.status}`,
    payment_intent: intent,
  });

const metadataOf = (form: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...form].flatMap(([name, value]) => {
      const [, key] = /^metadata\[(\w+)\]$/.exec(name) ?? [];
      return key ? [[key, value]] : [];
    }),
  );
