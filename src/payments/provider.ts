/**
 * What the hub asks of whoever moves the money. `simulated.ts` keeps its own ledger in PostgreSQL,
 * `stripe.ts` speaks to Stripe, `guarded.ts` puts time-outs, retries and a circuit breaker around either.
 *
 * The states of a payment, and what follows them:
 *
 *     created      authorise: authorised, pending or declined. void
 *     pending      the buyer or the provider, at any time: authorised or declined. void
 *     declined     authorise with another method. void
 *     authorised   capture: captured. void. The bank, after some days: voided
 *     captured     refund: refunded, or still captured if it was a part
 *     refunded, voided: the end
 *
 * - `start` makes the payment and moves no money, so that its id can be written down before any money is
 *   at stake: a start whose end nobody saw costs nothing. With a method it is `created`; without one it is
 *   `pending` at once: the buyer gives theirs to the provider itself, with the action it carries.
 * - `authorise` asks the buyer's bank to set the amount aside. A payment that was declined may be
 *   authorised again with another method, under another key.
 * - `capture` takes what was set aside, `void` lets go of it for good (nothing can be authorised after
 *   it), `refund` gives back what was taken.
 *
 * Every call that changes something takes an idempotency key: the same call under the same key is done
 * once, however often it is asked, and answers the payment. The same key for another call is refused
 * (`key-reused`). Beyond keys, a call whose end is reached already answers that end: capturing what is
 * captured, voiding what is voided and refunding what is refunded are not errors, also under a new key.
 */

/** Minor units of `currency` (cents of EUR), always a whole number. `currency` is ISO 4217, upper case. */
export interface Amount {
  readonly amountCents: number;
  readonly currency: string;
}

/** What a payment is for; the provider keeps it with the payment, for whoever compares its books with ours. */
export interface PaymentReference {
  readonly holdId: string;
  readonly eventId: string;
  readonly userId: string;
}

/** What the buyer's client has to do before the payment goes on. */
export type BuyerAction =
  /** For the provider's own library in the browser. */
  | { readonly kind: 'client-secret'; readonly clientSecret: string }
  /** A page to send the buyer to. */
  | { readonly kind: 'redirect'; readonly url: string };

/** Why money was not moved. Providers know hundreds of reasons; these are the ones that make a difference. */
export type DeclineCode =
  // The buyer's bank says no; another method may do.
  | 'card-declined'
  | 'insufficient-funds'
  | 'card-expired'
  | 'card-details-wrong'
  | 'card-lost-or-stolen'
  | 'authentication-failed'
  | 'authorisation-expired'
  // The provider says no to what was asked.
  | 'capture-refused'
  | 'refund-refused'
  | 'amount-invalid'
  | 'method-unknown'
  | 'payment-not-found'
  | 'wrong-state'
  | 'key-reused'
  | 'request-refused';

interface PaymentFacts extends Amount {
  readonly paymentId: string;
  readonly reference: PaymentReference;
}
/** Made; no money is set aside. */
export type CreatedPayment = PaymentFacts & { readonly state: 'created' };
/** The buyer has to act, or (without an action) the provider says later how it ended. */
export type PendingPayment = PaymentFacts & { readonly state: 'pending'; readonly action?: BuyerAction };
/** The amount is set aside and can be captured. */
export type AuthorisedPayment = PaymentFacts & { readonly state: 'authorised' };
/** No money is set aside. `reason` is for people. */
export type DeclinedPayment = PaymentFacts & {
  readonly state: 'declined';
  readonly code: DeclineCode;
  readonly reason: string;
};
/** The money is ours, less what was refunded: 0 or a part. */
export type CapturedPayment = PaymentFacts & { readonly state: 'captured'; readonly refundedCents: number };
/** All of it was given back. */
export type RefundedPayment = PaymentFacts & { readonly state: 'refunded'; readonly refundedCents: number };
/** Let go of before anything was taken; nothing can follow. */
export type VoidedPayment = PaymentFacts & { readonly state: 'voided' };

export type Payment =
  | CreatedPayment
  | PendingPayment
  | AuthorisedPayment
  | DeclinedPayment
  | CapturedPayment
  | RefundedPayment
  | VoidedPayment;
export type PaymentState = Payment['state'];

interface Keyed {
  /** 1 to 200 characters; one for each thing that is to be done once. */
  readonly idempotencyKey: string;
}

export interface StartRequest extends Keyed, Amount {
  readonly reference: PaymentReference;
  /**
   * A payment method the provider knows: its token, or with the simulated provider the number of a test
   * card. Without it the buyer gives theirs to the provider itself.
   */
  readonly method?: string;
}

export interface AuthoriseRequest extends Keyed {
  readonly paymentId: string;
  /** Another method than the one the payment was started with. */
  readonly method?: string;
  /** Where a bank that wants to see the buyer sends them back to. */
  readonly returnUrl?: string;
}

export interface CaptureRequest extends Keyed {
  readonly paymentId: string;
}

export interface VoidRequest extends Keyed {
  readonly paymentId: string;
}

export interface RefundRequest extends Keyed {
  readonly paymentId: string;
  /** A part, in the currency of the payment. Without it: all that is left. */
  readonly amountCents?: number;
}

/**
 * Every call resolves as typed below, or rejects with `PaymentDeclined` or `PaymentUnavailable`, never
 * with anything else. `signal` ends the wait; what was asked may still be done.
 */
export interface PaymentProvider {
  /** For logs and metrics. */
  readonly name: string;
  /** A repeat answers the payment as it is by now, whatever its state. */
  start(request: StartRequest, signal?: AbortSignal): Promise<Payment>;
  /**
   * A "no" of the bank is an answer here (`declined`), not an error. A payment that was captured, refunded
   * or voided meanwhile is a `PaymentDeclined` with `wrong-state`.
   */
  authorise(
    request: AuthoriseRequest,
    signal?: AbortSignal,
  ): Promise<AuthorisedPayment | PendingPayment | DeclinedPayment>;
  /** Declined with `capture-refused`, or `wrong-state` unless authorised. */
  capture(request: CaptureRequest, signal?: AbortSignal): Promise<CapturedPayment | RefundedPayment>;
  /**
   * Declined with `wrong-state` if it was captured: refund it. Or if the provider is in the middle of
   * deciding (`payment.state` is `pending`): ask again later.
   */
  void(request: VoidRequest, signal?: AbortSignal): Promise<VoidedPayment>;
  /** Declined with `refund-refused`, `amount-invalid` (more than is left) or `wrong-state`. */
  refund(request: RefundRequest, signal?: AbortSignal): Promise<CapturedPayment | RefundedPayment>;
  /** The payment as it is now. undefined: the provider has no such payment. */
  find(paymentId: string, signal?: AbortSignal): Promise<Payment | undefined>;
}

/** What a provider says by itself. It may be late, doubled, out of order or never come: `find` decides. */
export interface PaymentNotice {
  readonly paymentId: string;
  readonly holdId: string;
  readonly state: PaymentState;
}

/** Final: asking the same again fails again. `message` is for people. */
export class PaymentDeclined extends Error {
  override readonly name = 'PaymentDeclined';
  readonly code: DeclineCode;
  /** The payment as it is, where the provider told: what `wrong-state` was wrong about. */
  readonly payment: Payment | undefined;

  constructor(code: DeclineCode, message: string, options: { payment?: Payment; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.payment = options.payment;
  }
}

export type UnavailableReason =
  | 'time-out'
  | 'network'
  /** The provider failed by its own account (HTTP 5xx). */
  | 'provider-error'
  | 'rate-limited'
  /** The same key is being worked on by another call. */
  | 'in-progress'
  /** The provider does not accept our credentials: an operator has to act. */
  | 'credentials'
  | 'circuit-open'
  /** Too many calls are under way already. */
  | 'overloaded'
  /** An answer nobody expects. */
  | 'unexpected';

/** Nobody knows how it ended: ask the same again later, under the same key, or `find` the payment. */
export class PaymentUnavailable extends Error {
  override readonly name = 'PaymentUnavailable';
  readonly reason: UnavailableReason;
  /** false: the provider never saw this call, so it changed nothing. */
  readonly attempted: boolean;

  constructor(
    reason: UnavailableReason,
    message: string,
    options: { attempted?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.attempted = options.attempted ?? true;
  }
}

/** A webhook that is not the provider's: answer it with 400. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
}
