/** The SQL files of `queries/`, with the types of their parameters and rows. */
import type { PaymentProgress } from '../contracts.gen.ts';
import { statement } from './database.ts';

/** Which of these seats have an active booking. */
export const soldAmong = statement<[eventId: string, seats: number[]], { seat: number }>('sold-among');
/** Whether everybody may see an event. No row: there is none. */
export const eventIsPublic = statement<[eventId: string], { is_public: boolean }>('event-is-public');
export const bookedSeats = statement<[eventId: string], { seat: number; user_id: string }>('booked-seats');

/** A hold as it is asked of `confirm-holds.sql`, which gets an array of them as JSON. */
export interface HoldToConfirm {
  holdId: string;
  bookingId: string;
  eventId: string;
  userId: string;
  sessionId: string | null;
  requestId: string | null;
  currency: string;
  /** How much of the hold's time to book is left when the statement is sent; null: do not look. */
  leftMs: number | null;
  seats: { seat: number; label: string; category: string; priceCents: number }[];
}

export interface HoldVerdict {
  hold_id: string;
  /**
   * - `booked` by this statement
   * - `closed`, `taken`: refused by this statement, for good; `reason` is what it wrote
   * - `unpaid`, `reused`: nothing was written, the hold can go on
   * - `settled`: decided earlier, or by another attempt a moment ago; read the outcome
   */
  verdict: 'booked' | 'closed' | 'taken' | 'unpaid' | 'reused' | 'settled';
  reason: string;
  created_at: string | null;
  outbox_id: string | null;
}
export const confirmHolds = statement<[holds: string], HoldVerdict>('confirm-holds');
/** SQLSTATEs of `confirm_guard`: the whole batch was undone. */
export const lostRace = 'SC001';
export const tooLate = 'SC002';

export const refuseHold = statement<
  [eventId: string, holdId: string, reason: string],
  { outcome: 'booked' | 'refused'; reason: string }
>('refuse-hold');

export const readOutcome = statement<
  [eventId: string, holdId: string],
  { outcome: 'booked' | 'refused'; reason: string }
>('read-outcome');

export interface BookingRow {
  id: string;
  event_id: string;
  user_id: string;
  hold_id: string;
  status: 'confirmed' | 'cancelled';
  total_cents: number;
  currency: string;
  created_at: string;
  cancelled_at: string | null;
  cancelled_by: 'buyer' | 'organizer' | 'hub' | null;
  seats: {
    seat: number;
    label: string;
    category: string;
    priceCents: number;
    cancelledAt: string | null;
  }[];
  payment: { state: PaymentProgress; amountCents: number; refundedCents: number } | null;
}
export const bookingOfHold = statement<[holdId: string], BookingRow>('booking-of-hold');
export const readBooking = statement<[bookingId: string], BookingRow>('read-booking');
export const readBookings = statement<[bookingIds: string[]], BookingRow>('read-bookings');

type Actor = [actorId: string | null, sessionId: string | null, requestId: string | null, reason: string];
export const cancelSeats = statement<
  [bookingId: string, seats: number[] | null, ...actor: Actor],
  { outbox_id: string | null; refund_cents: number; ended: boolean }
>('cancel-seats');
export const cancelEvent = statement<
  [eventId: string, ...actor: Actor],
  { status: string | null; outbox_id: string | null }
>('cancel-event');
export const cancelEventBatch = statement<
  [eventId: string, atMost: number, ...actor: Actor],
  { id: string; user_id: string; hold_id: string; outbox_id: string }
>('cancel-event-batch');
export const eventCancellation = statement<[eventId: string], { done: number; total: number }>(
  'event-cancellation',
);

export interface OutboxRow {
  id: string;
  topic: string;
  key: string;
  payload: Record<string, unknown>;
  attempts: number;
}
export const takeOutbox = statement<[leaseMs: number, atMost: number], OutboxRow>('take-outbox');
export const markSent = statement<[ids: string[]], never>('mark-sent');
export const delayOutbox = statement<[id: string, delayMs: number], never>('delay-outbox');
export const forgetOld = statement<[atMost: number], { forgotten: number }>('forget-old');

export const askOnce = statement<
  [userId: string, requestId: string, message: string, fingerprint: string, leaseMs: number, token: string],
  { state: 'first' | 'repeat' | 'reused' | 'running'; answer: unknown }
>('ask-once');
export const answerOnce = statement<
  [userId: string, requestId: string, token: string, answer: string],
  never
>('answer-once');
export const renewRequest = statement<
  [userId: string, requestId: string, token: string, leaseMs: number],
  never
>('renew-request');
export const forgetRequest = statement<[userId: string, requestId: string, token: string], never>(
  'forget-request',
);

/** A step that was taken on by this node, with its saga. */
export interface SagaStepRow {
  id: string;
  kind: 'start' | 'authorise' | 'book' | 'capture' | 'void' | 'refund';
  /** Of a refund; 0: all that is left. */
  step_cents: number;
  attempts: number;
  hold_id: string;
  event_id: string;
  user_id: string;
  booking_id: string | null;
  payment_id: string | null;
  /** '' when the buyer gives it to the provider. */
  method: string;
  attempt: number;
  seats: number[];
  amount_cents: number;
  currency: string;
  state: PaymentProgress;
  /** Of the payment. */
  age_ms: number;
  step_age_ms: number;
}
export const openSaga = statement<
  [
    holdId: string,
    eventId: string,
    userId: string,
    provider: string,
    method: string,
    seats: number[],
    amountCents: number,
    currency: string,
  ],
  { state: PaymentProgress; method: string; is_mine: boolean | null }
>('open-saga');
export const takeSagaSteps = statement<[leaseMs: number, atMost: number, holdId: string | null], SagaStepRow>(
  'take-saga-steps',
);
export const endSagaStep = statement<
  [
    stepId: string,
    state: PaymentProgress | null,
    paymentId: string | null,
    reason: string | null,
    next: SagaStepRow['kind'] | null,
    nextCents: number,
    nextInMs: number,
    refundedCents: number | null,
  ],
  { changed: boolean; outbox_id: string | null }
>('end-saga-step');
export const failSagaStep = statement<
  [stepId: string, attempts: number, reason: string, againInMs: number | null, attemptsFromNow: number],
  never
>('fail-saga-step');
export interface SagaRow {
  hold_id: string;
  event_id: string;
  user_id: string;
  booking_id: string | null;
  payment_id: string | null;
  state: PaymentProgress;
  reason: string;
  amount_cents: number;
  refunded_cents: number;
  currency: string;
  seats: number[];
}
export const readSaga = statement<[holdId: string], SagaRow>('read-saga');
export const hastenSaga = statement<[paymentId: string, mayBePaid: boolean], { hold_id: string }>(
  'hasten-saga',
);
export interface SagaDetailsRow extends SagaRow {
  provider: 'simulated' | 'stripe';
  created_at: string;
  updated_at: string;
  steps: {
    kind: SagaStepRow['kind'];
    state: 'due' | 'done' | 'dead' | 'dropped';
    attempts: number;
    reason: string;
    amountCents: number;
    dueAt: string;
    endedAt: string | null;
  }[];
}
export const listSagas = statement<
  [
    state: string | null,
    eventId: string | null,
    onlyDead: boolean,
    olderThan: string | null,
    limit: number,
    holdId: string | null,
  ],
  SagaDetailsRow
>('list-sagas');
type AdminActor = [actorId: string | null, sessionId: string | null, requestId: string | null];
export const retrySaga = statement<[holdId: string, ...actor: AdminActor], { hold_id: string }>('retry-saga');
export const abandonSaga = statement<
  [holdId: string, ...actor: AdminActor, reason: string],
  { booking_id: string | null; outbox_id: string | null }
>('abandon-saga');
export const durability = statement<
  [],
  { fsync: string; synchronous_commit: string; full_page_writes: string; one_active_seat: boolean }
>('durability');

/** Rows of the audit log, a list for each column. */
export type AuditColumns = [
  at: number[],
  actions: string[],
  eventIds: (string | null)[],
  actorIds: (string | null)[],
  sessionIds: (string | null)[],
  requestIds: (string | null)[],
  seats: string[],
  details: string[],
];
export const writeAudit = statement<[...columns: AuditColumns, isRepeat: boolean], never>('write-audit');
export interface AuditLogRow {
  id: string;
  at: string;
  action: string;
  event_id: string | null;
  booking_id: string | null;
  actor_id: string | null;
  session_id: string | null;
  request_id: string | null;
  seats: number[];
  details: Record<string, unknown>;
}
export const listAudit = statement<
  [
    eventId: string | null,
    bookingId: string | null,
    actorId: string | null,
    action: string | null,
    from: string | null,
    to: string | null,
    after: string | null,
    limit: number,
  ],
  AuditLogRow
>('list-audit');
export const seatsAt = statement<
  [eventId: string, at: string],
  { seat_count: number; sold: number[]; held: number[] }
>('seats-at');

/** A difference between Redis and PostgreSQL. */
export interface DifferenceRow {
  kind: 'unsold' | 'sold' | 'stray' | 'buyer' | 'settled';
  seat: number | null;
  booking_id: string | null;
  owner: string | null;
  booked: number | null;
  hold_id: string | null;
}
export const compareEvent = statement<
  [
    eventId: string,
    shownSold: number[],
    holdIds: string[],
    buyers: string[],
    booked: number[],
    strays: number[],
  ],
  DifferenceRow
>('compare-event');
export const latestSales = statement<[eventIds: string[]], { event_id: string; row_id: string }>(
  'latest-sales',
);
export const pastEvents = statement<[eventIds: string[], ageMs: number], { id: string }>('past-events');
