/**
 * A provider that moves no money, for development, tests and demonstrations: test cards (`test-cards.ts`)
 * ask for everything that goes wrong with real ones. It keeps its books in PostgreSQL, so all nodes share
 * it, it survives a restart, and a test can ask whether every charge belongs to a booking.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { fingerprint, newId } from '../ids.ts';
import {
  type AuthoriseRequest,
  type CaptureRequest,
  type Payment,
  type PaymentNotice,
  type PaymentProvider,
  PaymentUnavailable,
  type RefundRequest,
  type StartRequest,
  type VoidRequest,
} from './provider.ts';
import {
  cardOf,
  type Decision,
  decideAuthorise,
  decideCapture,
  decideRefund,
  decideVoid,
  declined,
  faultCounted,
  faultOf,
  isCents,
  shown,
  wrongState,
} from './simulated-decision.ts';
import type { LedgerCall, LedgerOperation, LedgerPayment, SimulatedLedger } from './simulated-ledger.ts';
import { type FaultyCall, testCard } from './test-cards.ts';

/** So many calls at once change one payment before one of them gives up. */
const maxTurns = 20;

export interface SimulatedOptions {
  /** After how long without an answer a call is given up, if nobody gives it up before. Default 60 s. */
  hangMs?: number;
  /** Is told what a webhook would bring. Lost if this node ends before. */
  notify?: (notice: PaymentNotice) => void;
}

export class SimulatedProvider implements PaymentProvider {
  readonly name = 'simulated';
  readonly #ledger: SimulatedLedger;
  readonly #hangMs: number;
  readonly #notify: (notice: PaymentNotice) => void;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(ledger: SimulatedLedger, { hangMs = 60_000, notify = () => undefined }: SimulatedOptions = {}) {
    this.#ledger = ledger;
    this.#hangMs = hangMs;
    this.#notify = notify;
  }

  async start(request: StartRequest): Promise<Payment> {
    const { amountCents, currency, method, reference } = request;
    if (!isCents(amountCents) || !/^[A-Z]{3}$/.test(currency)) throw declined('amount-invalid');
    if (method !== undefined) cardOf(method);
    const { holdId, eventId, userId } = reference;
    const asked = [amountCents, currency, method, holdId, eventId, userId];
    const call = callOf('start', request.idempotencyKey, ...asked);
    const id = `sim_${newId()}`;
    const isNew = await this.#ledger.insert(id, request, call);
    return shown(await this.#read(isNew ? id : ((await this.#known(call)) as string)));
  }

  async authorise(request: AuthoriseRequest, signal?: AbortSignal) {
    const { idempotencyKey, paymentId, method } = request;
    const call = callOf('authorise', idempotencyKey, paymentId, method);
    const decide = (payment: LedgerPayment) => decideAuthorise(payment, request);
    const payment = await this.#change(paymentId, call, decide, { method, signal });
    const answer = shown(payment);
    if (answer.state === 'authorised' || answer.state === 'pending' || answer.state === 'declined')
      return answer;
    throw wrongState(payment);
  }

  async capture({ idempotencyKey, paymentId }: CaptureRequest, signal?: AbortSignal) {
    const call = callOf('capture', idempotencyKey, paymentId);
    return taken(await this.#change(paymentId, call, decideCapture, { signal }));
  }

  async void({ idempotencyKey, paymentId }: VoidRequest, signal?: AbortSignal) {
    const call = callOf('void', idempotencyKey, paymentId);
    const payment = await this.#change(paymentId, call, decideVoid, { signal });
    const answer = shown(payment);
    if (answer.state === 'voided') return answer;
    throw wrongState(payment);
  }

  async refund(request: RefundRequest, signal?: AbortSignal) {
    const { idempotencyKey, paymentId, amountCents } = request;
    const call = callOf('refund', idempotencyKey, paymentId, amountCents);
    const decide = (payment: LedgerPayment) => decideRefund(payment, request);
    return taken(await this.#change(paymentId, call, decide, { signal }));
  }

  async find(paymentId: string): Promise<Payment | undefined> {
    const payment = await this.#ledger.read(paymentId);
    return payment && shown(payment);
  }

  /** Nothing is told any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The payment after a call that is done once; decided again whenever another call was faster. */
  async #change(
    paymentId: string,
    call: LedgerCall & { operation: FaultyCall },
    decide: (payment: LedgerPayment) => Decision,
    { method, signal }: { method?: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<LedgerPayment> {
    for (let turn = 0; turn < maxTurns; turn++) {
      // In this order: a payment that was read before the call was done elsewhere would not show it.
      const isDone = (await this.#known(call)) !== undefined;
      const payment = await this.#read(paymentId);
      if (isDone) return payment;
      const next = decide(payment);
      if (!next) return payment;

      const fault = faultOf(payment, call.operation, method);
      if (fault?.how === 'refused')
        throw declined(call.operation === 'refund' ? 'refund-refused' : 'capture-refused', payment);
      if (fault && fault.how !== 'unanswered') {
        if (!(await this.#ledger.change(payment, faultCounted(payment)))) continue;
        if (fault.how === 'lost') return await this.#silence(signal);
        throw new PaymentUnavailable('provider-error', `${call.operation} failed, as the card asked for`);
      }
      const delayMs = call.operation === 'authorise' && testCard(method ?? payment.method ?? '')?.delayMs;
      // The bank takes its time before it decides, so whoever gives up here does not know.
      if (delayMs) await this.#pause(delayMs, signal);
      if (!(await this.#ledger.change(payment, fault ? { ...next, faults: payment.faults + 1 } : next, call)))
        continue;
      const changed = await this.#read(paymentId);
      if (call.operation === 'authorise') this.#tellLater(changed);
      return fault ? await this.#silence(signal) : changed;
    }
    throw new PaymentUnavailable('in-progress', 'too many calls change this payment at once');
  }

  /** The payment of a call that was done. @throws PaymentDeclined if its key was used for another one */
  async #known({ key, fingerprint: asked }: LedgerCall): Promise<string | undefined> {
    const found = await this.#ledger.call(key);
    if (found && found.fingerprint !== asked) throw declined('key-reused');
    return found?.paymentId;
  }

  async #read(paymentId: string): Promise<LedgerPayment> {
    const payment = await this.#ledger.read(paymentId);
    if (!payment) throw declined('payment-not-found');
    return payment;
  }

  /** What a webhook brings: when a pending payment has ended, or unasked as often as the card says. */
  #tellLater(payment: LedgerPayment): void {
    const { settles, notices = 0 } = testCard(payment.method ?? '') ?? {};
    const tell = async () => {
      const now = await this.#read(payment.id);
      const { paymentId, state } = shown(now);
      for (let i = 0; i < notices; i++) this.#notify({ paymentId, holdId: now.holdId, state });
    };
    if (notices === 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // As lost as a webhook may be: whoever waits for it asks by itself in the end.
      tell().catch(() => undefined);
    }, settles?.afterMs ?? 0);
    timer.unref();
    this.#timers.add(timer);
  }

  async #silence(signal: AbortSignal | undefined): Promise<never> {
    await this.#pause(this.#hangMs, signal);
    throw new PaymentUnavailable('time-out', 'no answer, as the card asked for');
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) });
    } catch (cause) {
      throw new PaymentUnavailable('time-out', 'the call was given up', { cause });
    }
  }
}

/** One key for one call: the fingerprint tells two of them apart. */
const callOf = <O extends LedgerOperation>(operation: O, key: string, ...asked: unknown[]) => ({
  key,
  operation,
  fingerprint: fingerprint(operation, ...asked),
});

/** A payment whose money was taken, whatever was given back of it. */
function taken(payment: LedgerPayment) {
  const answer = shown(payment);
  if (answer.state === 'captured' || answer.state === 'refunded') return answer;
  throw wrongState(payment);
}
