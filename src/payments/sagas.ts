/**
 * The payment of a hold, from its start to the captured money or back. A saga in the sense of Garcia-Molina
 * and Salem: steps, each with what undoes it (void, refund, release), each written in PostgreSQL before it is
 * taken, so that any node can go on where another died. This is the buyer's side of it; `saga-runner.ts` takes
 * the steps, `saga-steps.ts` says what each does, `saga-desk.ts` is for admins.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Hold, Payment as PaymentView } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  hastenSaga,
  openSaga,
  readSaga,
  refuseHold,
  type SagaRow,
  type SagaStepRow,
} from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { type EventCard, priceOf } from '../events/events.ts';
import type { Logger } from '../log.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import type { Session } from '../session.ts';
import type { StepEnd } from './follow.ts';
import type { GuardedProvider } from './guarded.ts';
import type { BuyerAction, PaymentNotice } from './provider.ts';
import { SagaRunner } from './saga-runner.ts';
import { holdAgain, type StepParts } from './saga-steps.ts';
import { defaultSagaTimings, type SagaTimings } from './saga-timings.ts';

const lookEveryMs = 100;
/** Two at once open one payment; the second sees it the second time. */
const opensAtMost = 3;

const isPaid = new Set(['authorised', 'booked', 'captured', 'refunding', 'refunded']);
const isUndecided = new Set(['starting', 'started', 'pending']);

/** A method that cannot be used now is refused rather than left aside. Throws `payment-pending`. */
function checkMethod(opened: { state: PaymentView['state']; method: string }, method: string): void {
  if (method === '' || method === opened.method || !isUndecided.has(opened.state)) return;
  throw new RequestError(
    'payment-pending',
    undefined,
    'This payment was begun with another method, which is not decided on yet. Ask with that one, or with another after it is declined.',
  );
}

export class Sagas {
  readonly runner: SagaRunner;
  readonly #db: Database;
  readonly #parts: StepParts & { provider: GuardedProvider };
  readonly #log: Logger;
  readonly #clock: Clock;
  /** What the buyers who wait here have to do. */
  readonly #actions = new Map<string, BuyerAction | undefined>();
  /** A payment came further. More than once if a node died over it. */
  listener: ((saga: SagaRow, payment: PaymentView) => void) | undefined;
  /** Marks what followed a step as done; without it the outbox does it again. */
  done: (outboxId: string) => void = () => undefined;

  constructor(
    parts: Omit<StepParts, 'timings'> & {
      provider: GuardedProvider;
      db: Database;
      log: Logger;
      clock?: Clock;
      timings?: Partial<SagaTimings> | undefined;
    },
  ) {
    const { clock = systemClock, db, log } = parts;
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
    this.#parts = { ...parts, timings: { ...defaultSagaTimings, ...parts.timings } };
    this.runner = new SagaRunner({ ...this.#parts, db, log, clock });
    this.runner.ended = (step, end, outboxId) => this.#ended(step, end, outboxId);
  }

  /** Whether the provider can be asked: neither away nor overloaded. */
  get available(): boolean {
    return this.#parts.provider.available;
  }

  /** Somebody has written a step: looks now rather than with the next poll. */
  kick(): void {
    this.runner.look();
  }

  /** A provider's notice about a payment. @returns whether it is one of ours that waits for news */
  async hasten({ paymentId, state }: Pick<PaymentNotice, 'paymentId' | 'state'>): Promise<boolean> {
    const mayBePaid = state !== 'declined' && state !== 'voided';
    const waiting = await this.#db.run(hastenSaga, paymentId, mayBePaid);
    if (waiting.length > 0) this.kick();
    return waiting.length > 0;
  }

  /**
   * Starts the payment of a hold, or goes on with it, and waits for the provider as long as a buyer would.
   * Throws `payment-declined`, `payment-pending` (another method is being decided on), `hold-not-found`.
   */
  async start(card: EventCard, session: Session, hold: Hold, method = ''): Promise<PaymentView> {
    const { holdId } = hold;
    await this.#open(card, session, hold, method);
    let isOver = false;
    const over = Promise.withResolvers<void>();
    const cancel = this.#clock.after(this.#parts.timings.answerMs, () => {
      isOver = true;
      over.resolve();
    });
    this.#actions.set(holdId, undefined);
    try {
      for (;;) {
        await Promise.race([this.runner.takeAll(holdId), over.promise]);
        const saga = await this.read(holdId);
        if (saga?.state === 'declined') throw new RequestError('payment-declined', { reason: saga.reason });
        // A pending one waits for the buyer or for a notice, not for us.
        const isOurs = saga?.state === 'starting' || saga?.state === 'started';
        if (saga && (!isOurs || isOver)) return this.#view(saga, await this.#actionOf(saga));
        // Another node is at it.
        await new Promise<void>((resolve) => void this.#clock.after(lookEveryMs, resolve));
      }
    } finally {
      cancel();
      this.#actions.delete(holdId);
    }
  }

  async #open(card: EventCard, session: Session, hold: Hold, method: string): Promise<void> {
    const { holdId, seats, totalCents, currency } = hold;
    const { name } = this.#parts.provider;
    for (let i = 0; i < opensAtMost; i++) {
      const parameters = [
        holdId,
        card.id,
        session.userId,
        name,
        method,
        seats,
        totalCents,
        currency,
      ] as const;
      const [opened] = await this.#db.run(openSaga, ...parameters);
      if (opened?.is_mine) return checkMethod(opened, method);
      if (opened?.is_mine === false) break;
    }
    throw new RequestError('hold-not-found');
  }

  async read(holdId: string): Promise<SagaRow | undefined> {
    return (await this.#db.run(readSaga, holdId))[0];
  }

  /**
   * Whether a hold can be booked: it is paid for, costs nothing, or is gone. One that was paid for too late
   * is held again. Throws `payment-required`, `payment-pending`.
   */
  async checkPaid(card: EventCard, userId: string, holdId: string): Promise<void> {
    const saga = await this.read(holdId);
    if (saga && saga.user_id === userId) {
      if (saga.state === 'authorised')
        await holdAgain(this.#parts, card, { holdId, userId, seats: saga.seats });
      if (isPaid.has(saga.state)) return;
      if (isUndecided.has(saga.state)) throw new RequestError('payment-pending');
      // Voided: the confirm knows why.
      if (saga.state !== 'declined') return;
    }
    const { answer } = await this.#parts.inventory.run(readHold, card.id, { holdId });
    // Whose it is the confirm finds out.
    if (answer.status !== 'hold' || answer.owner !== userId) return;
    if (answer.seats.some((seat) => priceOf(card, seat) > 0)) throw new RequestError('payment-required');
  }

  /**
   * The buyer has given up a hold that is being paid for: money that comes for it goes back. Written even if there is
   * no saga yet: its opening may be on the way. @returns 'booked' if the hub was faster
   */
  async giveUp(eventId: string, holdId: string): Promise<'refused' | 'booked'> {
    const [outcome] = await this.#db.run(refuseHold, eventId, holdId, 'hold-not-found');
    return outcome?.outcome === 'refused' ? 'refused' : 'booked';
  }

  /** Tells how a payment is, as PostgreSQL has it by now. */
  async tell(holdId: string): Promise<void> {
    const saga = await this.read(holdId);
    if (saga) this.listener?.(saga, this.#view(saga, undefined));
  }

  #ended(step: SagaStepRow, end: StepEnd, outboxId: string | null): void {
    const { hold_id: holdId } = step;
    if ('action' in end && this.#actions.has(holdId)) this.#actions.set(holdId, end.action);
    if (!outboxId) return;
    this.tell(holdId).then(
      () => this.done(outboxId),
      (error) => this.#log.debug({ err: error, holdId }, 'could not tell of a payment: it is told again'),
    );
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
