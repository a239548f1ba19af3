/**
 * Holding and booking as one step. Nothing of its own is kept: the hold is remembered in Redis under the request id, and
 * the confirm writes that id beside the booking, in its transaction. So whatever dies in between, and whichever node is
 * asked again:
 *
 * - before the hold: nothing was done;
 * - after the hold: a repeat finds it, and goes on with it;
 * - after the commit: a repeat finds the booking, also if Redis has lost everything meanwhile;
 * - after the hold ran out, or was refused: a repeat finds that, written for good, and begins anew under the next id
 *   (`<request id>.1`, `.2`, ...), which every other repeat comes to as well.
 */
import type { Booking } from '../contracts.gen.ts';
import { requestedBooking } from '../database/booking-statements.ts';
import { errors, RequestError } from '../errors.ts';
import { type EventCard, priceOf } from '../events/events.ts';
import { faultPoint } from '../fault-points.ts';
import type { Engine } from '../hub.ts';
import { fingerprint, newHoldId } from '../ids.ts';
import { holdSeats } from '../redis/scripts/hold-seats.ts';
import { releaseSeats } from '../redis/scripts/release-seats.ts';
import { expectHeld, openSale } from '../seats/holds.ts';
import type { Asker } from './confirms.ts';

/** Holds under one request id that ran out or were refused before they were booked. */
const attemptsAtMost = 10;

interface Wanted {
  eventId: string;
  seats: readonly number[];
  requestId: string;
}

/** Throws the errors of `bookings:book`. */
export async function bookAtOnce(engine: Engine, by: Asker, wanted: Wanted): Promise<Booking> {
  const earlier = await bookedBefore(engine, by, wanted);
  if (earlier) return earlier;
  const card = await openSale(engine, wanted.eventId);
  if (costsOnline(card, wanted.seats)) throw new RequestError('payment-required');
  for (let attempt = 0; attempt < attemptsAtMost; attempt++) {
    let held: Held | undefined;
    try {
      held = await hold(engine, by, card, wanted, attempt);
      faultPoint('book.held');
      return await engine.confirms.confirm(card, by, held.holdId);
    } catch (error) {
      // Nobody knows yet, or it goes on with the same hold when it is asked again.
      if (!(error instanceof RequestError) || errors[error.code].retry === 'later') throw error;
      // Another attempt, whose hold Redis has lost, may have booked these very seats for us.
      const booking = await bookedBefore(engine, by, wanted);
      if (booking) return booking;
      // Refused for good is what was held before; what is asked now is judged anew.
      if (held && (!held.isFresh || error.code === 'hold-not-found')) {
        // Whoever refused it may have died before it could free the seats.
        await engine.confirms.settle(card.id, held.holdId);
        continue;
      }
      if (held) await release(engine, by, card, held.holdId);
      throw error;
    }
  }
  throw new RequestError('try-later');
}

interface Held {
  holdId: string;
  /** Made now, rather than by an earlier attempt. */
  isFresh: boolean;
}

/** Throws `request-id-reused` if something else was booked under this id. */
async function bookedBefore(engine: Engine, by: Asker, wanted: Wanted): Promise<Booking | undefined> {
  const { eventId, seats, requestId } = wanted;
  const [found] = await engine.bookings.ask(requestedBooking, by.userId, requestId);
  if (!found) return undefined;
  const before = await engine.bookings.ofHold(found.hold_id);
  if (!before) return undefined;
  const { booking, userId } = before;
  const booked = booking.seats.map((line) => line.seat).sort((a, b) => a - b);
  const isSame = booking.eventId === eventId && `${booked}` === `${seats.toSorted((a, b) => a - b)}`;
  if (userId !== by.userId || !isSame) throw new RequestError('request-id-reused');
  return booking;
}

/** Seats that the plan does not have cost nothing here: the hold says what they are. */
const costsOnline = (card: EventCard, seats: readonly number[]): boolean =>
  card.rules.payment === 'online' &&
  seats.some((seat) => card.plan.seats[seat] !== undefined && priceOf(card, seat) > 0);

async function hold(
  engine: Engine,
  by: Asker,
  card: EventCard,
  wanted: Wanted,
  attempt: number,
): Promise<Held> {
  const { requestId } = wanted;
  const seats = wanted.seats.toSorted((a, b) => a - b);
  const holdId = newHoldId();
  const { answer } = await engine.inventory.run(
    holdSeats,
    card.id,
    {
      owner: by.userId,
      requestId: attempt === 0 ? requestId : `${requestId}.${attempt}`,
      fingerprint: fingerprint('book', seats),
      holdId,
      into: undefined,
      seats,
    },
    by,
  );
  const held = expectHeld(answer);
  return { holdId: held.holdId, isFresh: held.holdId === holdId };
}

/** What was refused holds nothing. Failing, it runs out by itself. */
async function release(engine: Engine, by: Asker, card: EventCard, holdId: string) {
  const owner = by.userId;
  const args = { owner, requestId: holdId, fingerprint: fingerprint('release', holdId), holdId, seats: [] };
  await engine.inventory
    .run(releaseSeats, card.id, args, by)
    .catch((error) => engine.log.debug({ err: error, holdId }, 'refused, but still held until it runs out'));
}
