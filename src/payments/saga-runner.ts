/**
 * Takes the steps of payments that are due, on every node: polls for them, leases them, and writes how each
 * ended. A node that dies over a step leaves it leased; when the lease runs out another one takes it.
 */
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { endSagaStep, failSagaStep, type SagaStepRow, takeSagaSteps } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { faultPoint } from '../fault-points.ts';
import type { Logger } from '../log.ts';
import type { StepEnd } from './follow.ts';
import { PaymentDeclined, PaymentUnavailable } from './provider.ts';
import { type StepParts, takeStep } from './saga-steps.ts';

/** Steps that one node has under way at once, beside those a buyer waits for. */
const atMost = 32;

export class SagaRunner {
  readonly #db: Database;
  readonly #parts: StepParts;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #taking = new Set<Promise<void>>();
  #cancel: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  readonly counts = { taken: 0, failed: 0, dead: 0 };
  /** A step has ended. outboxId: the buyer has to be told. */
  ended: (step: SagaStepRow, end: StepEnd, outboxId: string | null) => void = () => undefined;

  constructor(parts: StepParts & { db: Database; log: Logger; clock: Clock }) {
    this.#db = parts.db;
    this.#parts = parts;
    this.#log = parts.log;
    this.#clock = parts.clock;
  }

  run(): void {
    this.#cancel = this.#clock.after(this.#parts.timings.pollMs, () => {
      this.look();
      if (!this.#stopped) this.run();
    });
  }

  /** Ends after the steps that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#looking;
    await Promise.all(this.#taking);
  }

  /** Begins what is due. However many ask for it meanwhile, it is done once more. */
  look(): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error) => this.#log.debug({ err: error }, 'could not look for steps of payments'))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  async #look(): Promise<void> {
    for (;;) {
      const room = atMost - this.#taking.size;
      if (room <= 0) return;
      const steps = await this.#db.run(takeSagaSteps, this.#parts.timings.leaseMs, room, null);
      // A slow one keeps nobody waiting: whoever ends looks again if there is more.
      for (const step of steps) void this.#begin(step).then(() => steps.length === room && this.look());
      if (steps.length < room || this.#stopped) return;
    }
  }

  /** Takes the steps of one payment until none is due. */
  async takeAll(holdId: string): Promise<void> {
    while (!this.#stopped) {
      const [step] = await this.#db.run(takeSagaSteps, this.#parts.timings.leaseMs, 1, holdId);
      if (!step) return;
      await this.#begin(step);
    }
  }

  #begin(step: SagaStepRow): Promise<void> {
    const taking = this.#one(step).finally(() => this.#taking.delete(taking));
    this.#taking.add(taking);
    return taking;
  }

  async #one(step: SagaStepRow): Promise<void> {
    this.counts.taken++;
    let end: StepEnd;
    try {
      faultPoint('saga.before-call');
      end = await takeStep(this.#parts, step);
      faultPoint('saga.after-call');
    } catch (error) {
      end = this.#failed(step, error);
    }
    try {
      await this.#write(step, end);
    } catch (error) {
      // Its lease runs out, and it is taken again.
      this.#log.warn({ err: error, step: step.id }, 'could not write how a step of a payment ended');
    }
  }

  async #write(step: SagaStepRow, end: StepEnd): Promise<void> {
    if (end.end !== 'done') {
      const { reason, attempts } = end.end === 'failed' ? end : { reason: '', attempts: 0 };
      await this.#db.run(failSagaStep, step.id, step.attempts, reason, end.inMs, attempts);
      if (end.end === 'wait') this.ended(step, end, null);
      return;
    }
    const { state = null, paymentId = null, reason = null, next, refundedCents = null } = end;
    const { kind = null, cents = 0, inMs = 0 } = next ?? {};
    const [ended] = await this.#db.run(
      endSagaStep,
      ...([step.id, state, paymentId, reason, kind, cents, inMs, refundedCents] as const),
    );
    if (!ended?.changed) return;
    this.ended(step, end, ended.outbox_id);
    if (next && inMs === 0) this.look();
  }

  #failed(step: SagaStepRow, error: unknown): StepEnd {
    this.counts.failed++;
    const { attempts, firstPauseMs, longestPauseMs } = this.#parts.timings;
    const facts = { err: error, holdId: step.hold_id, step: step.kind, attempts: step.attempts };
    const reason = reasonOf(error);
    // Redis or PostgreSQL being away says nothing of the payment: booking is tried for as long as it takes.
    // One that is pending is only looked at: it ends by its age.
    const isPatient = step.kind === 'book' || step.state === 'pending';
    const counted = isOutage(step, error) ? step.attempts - 1 : step.attempts;
    if (!(error instanceof PaymentDeclined) && (isPatient || counted < attempts)) {
      this.#log.warn(facts, 'a step of a payment failed');
      const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(Math.max(0, counted - 1), 20), longestPauseMs);
      return { end: 'failed', inMs: pauseMs * (0.5 + Math.random()), reason, attempts: counted };
    }
    // No money is at stake before the payment is made, and what may be set aside is let go of.
    const noAnswer = 'The payment provider does not answer.';
    if (step.kind === 'start') return { end: 'done', state: 'declined', reason: noAnswer };
    if (step.kind === 'authorise')
      return { end: 'done', state: 'voiding', reason: noAnswer, next: { kind: 'void' } };
    this.counts.dead++;
    this.#log.error(facts, 'a step of a payment is put aside until somebody looks at it');
    return { end: 'failed', inMs: null, reason, attempts: step.attempts };
  }
}

/**
 * The provider is away and was not even asked. That is no attempt: or an outage of an hour would put every
 * payment of that hour aside. A payment that has not begun does not wait for it.
 */
const isOutage = ({ kind }: SagaStepRow, error: unknown): boolean =>
  kind !== 'start' && kind !== 'authorise' && error instanceof PaymentUnavailable && !error.attempted;

/** What went wrong, for admins; of what is nobody's business only that it is in the log. */
function reasonOf(error: unknown): string {
  if (error instanceof PaymentDeclined) return `${error.code}: ${error.message}`.slice(0, 500);
  if (error instanceof PaymentUnavailable) return `${error.reason}: ${error.message}`.slice(0, 500);
  if (error instanceof RequestError) return error.code;
  return 'internal: see the log';
}
