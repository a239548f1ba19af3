/**
 * What each step of a payment does and what follows it. A step is a row that was written before it is taken,
 * and whoever finds it, as often as it takes, the provider does it once.
 *
 *     start ──> authorise ──> book ──> capture ──> (refund)
 *                   │           └────> void         when the seats are somebody else's
 *                   ├ void                          when the bank or the buyer never decides
 *                   └ declined ──> void             long after, so that nobody can still pay it
 */
import type { Confirms } from '../bookings/confirms.ts';
import type { SagaStepRow } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import type { EventCard, Events } from '../events/events.ts';
import { newId } from '../ids.ts';
import { holdSeats } from '../redis/scripts/hold-seats.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import type { Inventory } from '../seats/inventory.ts';
import { follow, laterVoid, type StepEnd, takenTooSoon } from './follow.ts';
import { PaymentDeclined, type PaymentProvider } from './provider.ts';
import type { SagaTimings } from './saga-timings.ts';

export interface StepParts {
  provider: PaymentProvider;
  events: Events;
  inventory: Inventory;
  confirms: Confirms;
  timings: SagaTimings;
}

/** Takes a step. Throws what the provider throws, and `RequestError` when it can be tried again. */
export function takeStep(parts: StepParts, step: SagaStepRow): Promise<StepEnd> {
  switch (step.kind) {
    case 'start':
      return start(parts, step);
    case 'authorise':
      return authorise(parts, step);
    case 'book':
      return book(parts, step);
    case 'capture':
      return capture(parts, step);
    case 'void':
      return letGo(parts, step);
    case 'refund':
      return refund(parts, step);
    default:
      return step.kind satisfies never;
  }
}

/** The same for every attempt of the buyer's, whoever asks: it is done once. */
const keyOf = (step: SagaStepRow, part: string | number = step.attempt): string =>
  `${step.hold_id}:${step.kind}:${part}`;

/**
 * A new key each time: a payment is captured and voided once anyway, and under a known key a provider may
 * repeat a "no" that is not true any more.
 */
const freshKeyOf = (step: SagaStepRow): string => keyOf(step, newId());

async function start({ provider, events, timings }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const { hold_id: holdId, event_id: eventId, user_id: userId, method } = step;
  const request = {
    idempotencyKey: keyOf(step),
    amountCents: step.amount_cents,
    currency: step.currency,
    reference: { holdId, eventId, userId },
    ...(method ? { method } : {}),
  };
  try {
    return follow(await provider.start(request), step, await payingMs(events, step), timings);
  } catch (error) {
    if (!(error instanceof PaymentDeclined)) throw error;
    return { end: 'done', state: 'declined', reason: error.message };
  }
}

/** A payment that waits is asked how it is; any other is asked of the bank. */
async function authorise({ provider, events, timings }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id ?? '';
  const limitMs = await payingMs(events, step);
  if (step.state === 'pending') {
    const payment = await provider.find(paymentId);
    if (payment) return follow(payment, step, limitMs, timings);
    return { end: 'done', state: 'declined', reason: 'The provider has no such payment.' };
  }
  const { method } = step;
  const request = { idempotencyKey: keyOf(step), paymentId, ...(method ? { method } : {}) };
  try {
    return follow(await provider.authorise(request), step, limitMs, timings);
  } catch (error) {
    if (!(error instanceof PaymentDeclined)) throw error;
    // It is further than that, or was let go of: how it is says what follows.
    if (error.code === 'wrong-state' && error.payment) return follow(error.payment, step, limitMs, timings);
    return { end: 'done', state: 'declined', reason: error.message, ...laterVoid(step, limitMs, timings) };
  }
}

async function payingMs(events: Events, step: SagaStepRow): Promise<number> {
  return (await events.card(step.event_id))?.rules.payingMs ?? 0;
}

/**
 * The buyer has paid and has not come for the seats, or the money came late. If the hold is gone and nobody
 * was told "no", the same seats are held again under its name, if they are free.
 */
async function book(parts: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const { hold_id: holdId, user_id: userId, seats } = step;
  const card = await parts.events.card(step.event_id);
  if (!card) throw new RequestError('try-later');
  try {
    await holdAgain(parts, card, { holdId, userId, seats });
    await parts.confirms.confirm(card, { userId, sessionId: null, requestId: null }, holdId);
    // The statement that booked has ended this step and written the next.
    return { end: 'done' };
  } catch (error) {
    if (!(error instanceof RequestError) || !isRefusal(error)) throw error;
    return { end: 'done', state: 'voiding', reason: error.message, next: { kind: 'void' } };
  }
}

/**
 * Holds the seats of a paid hold that has run out once more, under its name, unless its confirm was decided.
 * If they are somebody else's by now, the confirm that follows finds no hold and refuses.
 */
export async function holdAgain(
  { inventory, confirms }: Pick<StepParts, 'inventory' | 'confirms'>,
  card: EventCard,
  { holdId, userId: owner, seats }: { holdId: string; userId: string; seats: number[] },
): Promise<void> {
  const { answer } = await inventory.run(readHold, card.id, { holdId });
  if (answer.status === 'hold' || (await confirms.isDecided(card.id, holdId))) return;
  const requestId = `again-${holdId}`;
  const fingerprint = requestId;
  await inventory.run(holdSeats, card.id, { owner, requestId, fingerprint, holdId, into: undefined, seats });
}

const isRefusal = ({ code }: RequestError): boolean =>
  code === 'hold-not-found' ||
  code === 'seats-taken' ||
  code === 'event-not-on-sale' ||
  code === 'payment-required';

async function capture({ provider }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id ?? '';
  const payment = await provider.capture({ idempotencyKey: freshKeyOf(step), paymentId });
  return { end: 'done', state: payment.state, refundedCents: payment.refundedCents };
}

async function letGo({ provider, timings }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  const paymentId = step.payment_id;
  if (!paymentId) return { end: 'done', state: 'voided' };
  try {
    await provider.void({ idempotencyKey: freshKeyOf(step), paymentId });
    return { end: 'done', state: 'voided' };
  } catch (error) {
    if (!(error instanceof PaymentDeclined)) throw error;
    if (error.code === 'payment-not-found') return { end: 'done', state: 'voided' };
    const { payment } = error;
    // The bank is deciding at this moment.
    if (payment?.state === 'pending') return { end: 'wait', inMs: timings.lookEveryMs };
    // It was taken after all: then it goes back.
    if (payment?.state === 'captured' || payment?.state === 'refunded') return takenTooSoon(payment);
    throw error;
  }
}

/** The key is the step's: a booking may be refunded in parts. */
async function refund({ provider }: StepParts, step: SagaStepRow): Promise<StepEnd> {
  // An admin has given up taking the money while the booking was cancelled: it is let go of as a whole.
  if (step.state === 'voiding' || step.state === 'voided') return { end: 'done' };
  const paymentId = step.payment_id ?? '';
  const part = step.step_cents > 0 ? { amountCents: step.step_cents } : {};
  const payment = await provider.refund({ idempotencyKey: keyOf(step, step.id), paymentId, ...part });
  return { end: 'done', state: payment.state, refundedCents: payment.refundedCents };
}
