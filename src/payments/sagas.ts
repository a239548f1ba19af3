/**
 * The payment of a hold, from its start to the captured money or back. A saga in the sense of Garcia-Molina
 * and Salem: steps, each with what undoes it (void, refund, release), each written in PostgreSQL before it is
 * taken, so that any node can go on where another died.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Hold, Payment as PaymentView } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  endSagaStep,
  failSagaStep,
  hastenSaga,
  openSaga,
  readSaga,
  type SagaRow,
  type SagaStepRow,
  takeSagaSteps,
} from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { type EventCard, priceOf } from '../events/events.ts';
import { faultPoint } from '../fault-points.ts';
import type { Logger } from '../log.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import type { Session } from '../session.ts';
import type { GuardedProvider } from './guarded.ts';
import { type BuyerAction, PaymentDeclined, PaymentUnavailable } from './provider.ts';
import { type StepEnd, type StepParts, takeStep } from './saga-steps.ts';

const pollMs = 500;
/** Longer than all attempts at the provider together. */
const leaseMs = 60_000;
const atMost = 32;
const firstPauseMs = 1000;
const longestPauseMs = 300_000;
/** About half an hour of trying: then somebody has to look at it. */
const attemptsAtMost = 12;
/** How long a buyer is kept waiting for the provider's answer. */
const startMs = 15_000;
const lookEveryMs = 100;

const isPaid = new Set(['authorised', 'booked', 'captured', 'refunding', 'refunded']);
const isUndecided = new Set(['starting', 'started', 'pending']);

export class Sagas {
  readonly #db: Database;
  readonly #parts: StepParts & { provider: GuardedProvider };
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #attemptsAtMost: number;
  readonly #actions = new Map<string, BuyerAction | undefined>();
  readonly #taking = new Set<Promise<unknown>>();
  #cancel: (() => void) | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;
  readonly counts = { taken: 0, failed: 0, dead: 0 };
  /** A payment came further. More than once if a node died over it. */
  listener: ((saga: SagaRow, payment: PaymentView) => void) | undefined;
  /** Marks what followed a step as done; without it the outbox does it again. */
  done: (outboxId: string) => void = () => undefined;

  constructor(
    parts: StepParts & {
      provider: GuardedProvider;
      db: Database;
      log: Logger;
      clock?: Clock;
      attempts?: number;
    },
  ) {
    this.#db = parts.db;
    this.#parts = parts;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.#attemptsAtMost = parts.attempts ?? attemptsAtMost;
  }

  /** Whether the provider can be asked: neither away nor overloaded. */
  get available(): boolean {
    return this.#parts.provider.available;
  }

  run(): void {
    this.#cancel = this.#clock.after(pollMs, () => {
      this.#round = this.#take(null)
        .then(() => undefined)
        .catch((error) => this.#log.debug({ err: error }, 'could not look for steps of payments'))
        .finally(() => this.#stopped || this.run());
    });
  }

  /** Ends after the steps that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#round;
    await Promise.allSettled(this.#taking);
  }

  /** Somebody has written a step: looks now rather than with the next poll. */
  kick(): void {
    if (this.#stopped) return;
    this.#take(null).catch(() => undefined);
  }

  /** A provider's notice about a payment. @returns whether it is one of ours */
  async hasten(paymentId: string): Promise<boolean> {
    const waiting = await this.#db.run(hastenSaga, paymentId);
    if (waiting.length > 0) this.kick();
    return waiting.length > 0;
  }

  /**
   * Starts the payment of a hold, or goes on with it, and waits for the provider as long as a buyer would.
   * Throws `payment-declined`, `hold-not-found`.
   */
  async start(card: EventCard, session: Session, hold: Hold, method = ''): Promise<PaymentView> {
    const [opened] = await this.#db.run(
      openSaga,
      hold.holdId,
      card.id,
      session.userId,
      this.#parts.provider.name,
      method,
      hold.seats,
      hold.totalCents,
      hold.currency,
    );
    if (!opened?.is_mine) throw new RequestError('hold-not-found');
    const end = this.#clock.monotonic() + startMs;
    for (;;) {
      await this.#take(hold.holdId);
      const saga = await this.read(hold.holdId);
      if (saga?.state === 'declined') throw declined(saga);
      // A pending one waits for the buyer or for a webhook, not for us.
      const isOurs = saga?.state === 'starting' || saga?.state === 'started';
      if (saga && (!isOurs || this.#clock.monotonic() > end)) {
        return this.#view(saga, await this.#actionOf(saga));
      }
      await new Promise<void>((resolve) => this.#clock.after(lookEveryMs, resolve));
    }
  }

  async read(holdId: string): Promise<SagaRow | undefined> {
    return (await this.#db.run(readSaga, holdId))[0];
  }

  /** Throws `payment-required`, `payment-pending` unless the hold is paid for, costs nothing, or is gone. */
  async checkPaid(card: EventCard, userId: string, holdId: string): Promise<void> {
    const saga = await this.read(holdId);
    if (saga && saga.user_id === userId) {
      if (isPaid.has(saga.state)) return;
      if (isUndecided.has(saga.state)) throw new RequestError('payment-pending');
      // Voided: the confirm knows why.
      if (saga.state !== 'declined') return;
    }
    const { answer } = await this.#parts.inventory.run(readHold, card.id, { holdId });
    if (answer.status !== 'hold') return;
    if (answer.seats.some((seat) => priceOf(card, seat) > 0)) throw new RequestError('payment-required');
  }

  /** Tells how a payment is, as PostgreSQL has it by now. */
  async tell(holdId: string): Promise<void> {
    const saga = await this.read(holdId);
    if (saga) this.listener?.(saga, this.#view(saga, undefined));
  }

  /** Takes the steps that are due, of one saga or of any. */
  async #take(holdId: string | null): Promise<void> {
    for (;;) {
      const steps = await this.#db.run(takeSagaSteps, leaseMs, atMost, holdId);
      if (steps.length === 0) return;
      const taking = Promise.all(steps.map((step) => this.#one(step)));
      this.#taking.add(taking);
      await taking.finally(() => this.#taking.delete(taking));
    }
  }

  async #one(step: SagaStepRow): Promise<void> {
    this.counts.taken++;
    try {
      faultPoint('saga.before-call');
      const end = await takeStep(this.#parts, step);
      faultPoint('saga.after-call');
      await this.#end(step, end);
    } catch (error) {
      await this.#fail(step, error).catch((failure) =>
        // Its lease runs out, and it is taken again.
        this.#log.warn({ err: failure, step: step.id }, 'could not write how a step of a payment failed'),
      );
    }
  }

  async #end(step: SagaStepRow, end: StepEnd): Promise<void> {
    this.#actions.set(step.hold_id, end.action);
    if (end.action === undefined) this.#actions.delete(step.hold_id);
    if (end.end === 'wait') {
      await this.#db.run(failSagaStep, step.id, end.reason, end.inMs);
      return;
    }
    const { state = null, paymentId = null, reason = '', next, refundedCents = 0 } = end;
    const [ended] = await this.#db.run(
      endSagaStep,
      step.id,
      state,
      paymentId,
      reason,
      next?.kind ?? null,
      next?.cents ?? 0,
      next?.inMs ?? 0,
      refundedCents,
    );
    if (!ended?.changed || !ended.outbox_id) return;
    await this.tell(step.hold_id);
    this.done(ended.outbox_id);
  }

  async #fail(step: SagaStepRow, error: unknown): Promise<void> {
    this.counts.failed++;
    const reason = reasonOf(error);
    // Redis or PostgreSQL being away says nothing of the payment: booking is tried for as long as it takes.
    // One that is pending is only looked at: it ends by its age.
    const isOver = step.attempts >= this.#attemptsAtMost && step.kind !== 'book' && step.state !== 'pending';
    if (isOver && step.kind === 'start') {
      // No money is at stake before the payment is made.
      return this.#end(step, { end: 'done', state: 'declined', reason });
    }
    if (isOver && step.kind === 'authorise') {
      return this.#end(step, { end: 'done', state: 'voiding', reason, next: { kind: 'void' } });
    }
    if (isOver) this.counts.dead++;
    const pauseMs = Math.min(firstPauseMs * 2 ** (step.attempts - 1), longestPauseMs);
    await this.#db.run(failSagaStep, step.id, reason, isOver ? null : pauseMs * (0.5 + Math.random()));
    const facts = { err: error, holdId: step.hold_id, step: step.kind, attempts: step.attempts };
    if (isOver) this.#log.error(facts, 'a step of a payment is given up until somebody looks at it');
    else this.#log.warn(facts, 'a step of a payment failed');
  }

  async #actionOf(saga: SagaRow): Promise<BuyerAction | undefined> {
    if (saga.state !== 'pending' || !saga.payment_id) return undefined;
    const known = this.#actions.get(saga.hold_id);
    if (known) return known;
    const payment = await this.#parts.provider.find(saga.payment_id).catch(() => undefined);
    return payment?.state === 'pending' ? payment.action : undefined;
  }

  #view(saga: SagaRow, action: BuyerAction | undefined): PaymentView {
    const { state, amount_cents: amountCents, currency } = saga;
    return { state, amountCents, currency, ...(action ? { action: { ...action } } : {}) };
  }
}

const declined = (saga: SagaRow): RequestError =>
  new RequestError('payment-declined', { reason: saga.reason });

/** For the list of sagas: what went wrong, without what is nobody's business. */
function reasonOf(error: unknown): string {
  if (error instanceof PaymentDeclined) return `${error.code}: ${error.message}`.slice(0, 500);
  if (error instanceof PaymentUnavailable) return `${error.reason}: ${error.message}`.slice(0, 500);
  if (error instanceof RequestError) return error.code;
  return 'internal: see the log';
}
