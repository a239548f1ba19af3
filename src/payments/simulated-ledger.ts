/**
 * The books of the simulated provider, in PostgreSQL: shared by all nodes, kept over restarts. A payment has
 * one row and a version; every change names the version it was decided on, so of two at once one decides anew.
 */
import { type Database, isOutage, statement } from '../database/database.ts';
import { type DeclineCode, PaymentUnavailable, type StartRequest } from './provider.ts';

export type LedgerState =
  | 'created'
  | 'pending'
  | 'authorised'
  | 'declined'
  | 'captured'
  | 'refunded'
  | 'voided';

/** A row of `simulated_payments`; a pending payment whose time has come is shown as what it became. */
export interface LedgerPayment {
  id: string;
  state: LedgerState;
  version: number;
  amountCents: number;
  currency: string;
  method: string | undefined;
  holdId: string;
  eventId: string;
  userId: string;
  declineCode: DeclineCode | undefined;
  refundedCents: number;
  /** How many calls the card has disturbed. */
  faults: number;
}

interface PaymentRow {
  id: string;
  state: LedgerState;
  version: number;
  amount_cents: number;
  currency: string;
  method: string | null;
  hold_id: string;
  event_id: string;
  user_id: string;
  decline_code: DeclineCode | null;
  refunded_cents: number;
  faults: number;
  due: boolean;
  settles_as: 'authorised' | 'declined' | null;
}

export type LedgerOperation = 'start' | 'authorise' | 'capture' | 'void' | 'refund';

/** A call that is to be done once. */
export interface LedgerCall {
  key: string;
  operation: LedgerOperation;
  fingerprint: string;
}

export interface LedgerChange {
  state: LedgerState;
  method?: string;
  declineCode?: DeclineCode;
  refundedCents: number;
  faults: number;
  settles?: { afterMs: number; as: 'authorised' | 'declined' };
  /** Money set aside, let go, taken or given back by this. */
  movedCents: number;
}

const insertPayment = statement<
  [
    key: string,
    fingerprint: string,
    id: string,
    amountCents: number,
    currency: string,
    method: string | null,
    holdId: string,
    eventId: string,
    userId: string,
  ],
  { id: string }
>('simulated-payment-insert');
const readCall = statement<
  [key: string],
  { operation: LedgerOperation; payment_id: string; fingerprint: string }
>('simulated-payment-call');
const readPayment = statement<[id: string], PaymentRow>('simulated-payment-read');
const changePayment = statement<(string | number | null)[], { id: string }>('simulated-payment-change');
const readOrphans = statement<[olderThanMs: number], OrphanedPayment>('simulated-payment-orphans');

export interface OrphanedPayment {
  id: string;
  hold_id: string;
  state: 'authorised' | 'captured';
}

/**
 * Payments whose money is set aside or taken without a booking that counts. Once everything has come to
 * rest there must be none: every charge belongs to a booking, or was voided or refunded.
 */
export const orphanedPayments = (db: Database, olderThanMs = 0): Promise<OrphanedPayment[]> =>
  db.run(readOrphans, olderThanMs);

/** Rejects with `PaymentUnavailable` whatever goes wrong in PostgreSQL. */
export class SimulatedLedger {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** false: the key is known. */
  insert(id: string, request: StartRequest, call: LedgerCall): Promise<boolean> {
    const { amountCents, currency, method = null, reference } = request;
    const { holdId, eventId, userId } = reference;
    return this.#answered(async () => {
      const rows = await this.#db.run(
        insertPayment,
        ...([
          call.key,
          call.fingerprint,
          id,
          amountCents,
          currency,
          method,
          holdId,
          eventId,
          userId,
        ] as const),
      );
      return rows.length === 1;
    });
  }

  /** What was done under a key. */
  call(key: string): Promise<{ paymentId: string; fingerprint: string } | undefined> {
    return this.#answered(async () => {
      const [row] = await this.#db.run(readCall, key);
      return row && { paymentId: row.payment_id, fingerprint: row.fingerprint };
    });
  }

  read(id: string): Promise<LedgerPayment | undefined> {
    return this.#answered(async () => {
      const [row] = await this.#db.run(readPayment, id);
      return row && paymentOf(row);
    });
  }

  /**
   * Without a call the key stays unused: only a fault is counted.
   * @returns false if the payment has changed since it was read, or the key was used meanwhile
   */
  change(payment: LedgerPayment, next: LedgerChange, call?: LedgerCall): Promise<boolean> {
    const { key = null, operation = null, fingerprint = null } = call ?? {};
    return this.#answered(async () => {
      try {
        const rows = await this.#db.run(
          changePayment,
          ...[payment.id, payment.version, next.state, next.method ?? null, next.declineCode ?? null],
          ...[next.refundedCents, next.faults, next.settles?.afterMs ?? null, next.settles?.as ?? null],
          ...[key, operation, fingerprint, next.movedCents],
        );
        return rows.length === 1;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === '23505') return false;
        throw error;
      }
    });
  }

  async #answered<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const away = isOutage(cause);
      throw new PaymentUnavailable(
        away ? 'network' : 'unexpected',
        away ? 'the ledger does not answer' : 'the ledger failed',
        { cause },
      );
    }
  }
}

function paymentOf(row: PaymentRow): LedgerPayment {
  const settled = row.state === 'pending' && row.due && row.settles_as;
  const state = settled || row.state;
  return {
    id: row.id,
    state,
    version: row.version,
    amountCents: row.amount_cents,
    currency: row.currency,
    method: row.method ?? undefined,
    holdId: row.hold_id,
    eventId: row.event_id,
    userId: row.user_id,
    declineCode: state === 'declined' ? (row.decline_code ?? 'card-declined') : undefined,
    refundedCents: row.refunded_cents,
    faults: row.faults,
  };
}
