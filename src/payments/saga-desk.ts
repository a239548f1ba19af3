/** Payments as admins see them: all of them, and what to do with those that somebody has to look at. */
import type { Actor } from '../audit/audit-log.ts';
import { instant } from '../bookings/records.ts';
import type { PaymentProgress, Saga } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { abandonSaga, listSagas, retrySaga, type SagaDetailsRow } from '../database/statements.ts';
import { RequestError } from '../errors.ts';

export interface SagaFilter {
  state?: PaymentProgress | undefined;
  eventId?: string | undefined;
  /** Only those with a step that was put aside. */
  dead?: boolean | undefined;
  /** Only those that are older than the one of this hold. */
  olderThan?: string | undefined;
  limit: number;
}

/** Newest first. */
export async function findSagas(db: Database, filter: SagaFilter): Promise<Saga[]> {
  const { state = null, eventId = null, dead = false, olderThan = null, limit } = filter;
  return (await db.run(listSagas, state, eventId, dead, olderThan, limit, null)).map(sagaOf);
}

/** Throws `saga-not-found`. */
export async function findSaga(db: Database, holdId: string): Promise<Saga> {
  const [found] = await db.run(listSagas, null, null, false, null, 1, holdId);
  if (!found) throw new RequestError('saga-not-found');
  return sagaOf(found);
}

/** Makes the step that was put aside due again. Throws `saga-not-found`, `saga-not-dead`. */
export async function retry(db: Database, holdId: string, by: Actor): Promise<void> {
  await findSaga(db, holdId);
  const [due] = await db.run(retrySaga, holdId, by.userId, by.sessionId, by.requestId);
  if (!due) throw new RequestError('saga-not-dead');
}

/** A booking whose payment was given up has to be cancelled. */
export interface Abandoned {
  bookingId: string;
  outboxId: string;
}

/**
 * Gives up the step that was put aside. After a capture the money is let go of and the booking has to be
 * cancelled, which is the answer. Throws `saga-not-found`, `saga-not-dead`.
 */
export async function abandon(
  db: Database,
  holdId: string,
  by: Actor,
  reason: string,
): Promise<Abandoned | undefined> {
  await findSaga(db, holdId);
  const [given] = await db.run(abandonSaga, holdId, by.userId, by.sessionId, by.requestId, reason);
  if (!given) throw new RequestError('saga-not-dead');
  const { booking_id: bookingId, outbox_id: outboxId } = given;
  return bookingId && outboxId ? { bookingId, outboxId } : undefined;
}

const sagaOf = (row: SagaDetailsRow): Saga => ({
  holdId: row.hold_id,
  eventId: row.event_id,
  userId: row.user_id,
  bookingId: row.booking_id,
  provider: row.provider,
  paymentId: row.payment_id,
  state: row.state,
  reason: row.reason,
  seats: row.seats,
  amountCents: row.amount_cents,
  refundedCents: row.refunded_cents,
  currency: row.currency,
  createdAt: instant(row.created_at),
  updatedAt: instant(row.updated_at),
  steps: row.steps.map(({ dueAt, endedAt, ...step }) => ({
    ...step,
    dueAt: instant(dueAt),
    endedAt: endedAt && instant(endedAt),
  })),
});
