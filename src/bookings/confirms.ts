/**
 * Turning holds into bookings. Redis says who may try, PostgreSQL says who has:
 *
 * 1. `begin-confirm` marks the hold as being booked;
 * 2. one statement for many holds writes outcomes, bookings and seats (`confirm-queue.ts`); an outcome that is
 *    stored already is the answer (the hold's id is the idempotency key);
 * 3. only then the buyer is answered, and the seats are shown as sold.
 *
 * A "no" is written down before it is told, and a hold that was being booked is freed only after
 * PostgreSQL has been made to say no: so a slow first attempt can never become a booking after a refusal.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Booking } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { readOutcome, refuseHold } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import type { EventCard, Events } from '../events/events.ts';
import { faultPoint } from '../fault-points.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import { abortConfirm } from '../redis/scripts/abort-confirm.ts';
import { beginConfirm } from '../redis/scripts/begin-confirm.ts';
import { finishConfirm } from '../redis/scripts/finish-confirm.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import { resumeHold } from '../redis/scripts/resume-hold.ts';
import { seatList } from '../redis/scripts/script.ts';
import type { Inventory } from '../seats/inventory.ts';
import { ConfirmQueue } from './confirm-queue.ts';
import { activeSeats, type BookingRecords, instant, lineOf, type Owned } from './records.ts';

/** Longer than connecting (2 s), waiting for a lock (3 s) and the statement (4 s) together. */
const graceMs = 12_000;

/** Who asks, for the audit log and to notice a request id that is used twice. */
export interface Asker {
  userId: string;
  sessionId: string | null;
  requestId: string | null;
}

/** What follows a booking, apart from its answer. */
export interface ConfirmListener {
  /** More than once if a node died over it. */
  booked(booking: Booking, userId: string): void;
  /** The payment of a hold can be captured, or has to be let go of. */
  paymentDue(): void;
  /** A hold is over, and nobody who asked was told. */
  ended(eventId: string, hold: { holdId: string; owner: string; seats: number[] }): void;
}

export class Confirms {
  readonly queue: ConfirmQueue;
  readonly #records: BookingRecords;
  readonly #events: Events;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #confirming = new Map<string, Promise<Booking>>();
  readonly #finishing = new Set<Promise<void>>();
  listener: ConfirmListener | undefined;
  /** Marks what followed a booking as done; without it the outbox does it again. */
  done: (outboxId: string) => void = () => undefined;

  constructor(parts: {
    db: Database;
    records: BookingRecords;
    events: Events;
    inventory: Inventory;
    log: Logger;
    clock?: Clock;
  }) {
    this.queue = new ConfirmQueue(parts);
    this.#records = parts.records;
    this.#events = parts.events;
    this.#inventory = parts.inventory;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  /** Books a hold. Throws the errors of `bookings:confirm`. Whoever asks while it is under way here waits with it. */
  confirm(card: EventCard, asker: Asker, holdId: string): Promise<Booking> {
    const key = `${asker.userId}:${holdId}`;
    let confirming = this.#confirming.get(key);
    if (!confirming) {
      confirming = this.#confirm(card, asker, holdId).finally(() => this.#confirming.delete(key));
      this.#confirming.set(key, confirming);
    }
    return confirming;
  }

  async #confirm(card: EventCard, asker: Asker, holdId: string): Promise<Booking> {
    if (this.queue.isFull) throw new RequestError('overloaded');
    const { userId } = asker;
    const { answer, deadline } = await this.#begin(card.id, userId, holdId);
    faultPoint('confirm.begun');
    switch (answer.status) {
      case 'confirming':
        return this.#commit(card, asker, holdId, answer.seats, deadline);
      case 'closed':
        return this.#refuse(card, userId, holdId, 'event-not-on-sale');
      case 'unknown-hold':
        // It is booked, or ran out, or Redis lost it while another attempt is under way: PostgreSQL decides.
        return this.#refuse(card, userId, holdId, 'hold-not-found');
      case 'foreign':
        return this.#gone();
      case 'exhausted':
        throw new RequestError('booking-pending');
      default:
        return answer satisfies never;
    }
  }

  /** @returns the script's answer, and until when PostgreSQL must have committed, on the monotonic clock */
  async #begin(eventId: string, owner: string, holdId: string) {
    const deadline = this.#clock.monotonic() + graceMs;
    const { answer } = await this.#inventory.run(beginConfirm, eventId, { owner, holdId, graceMs });
    return { answer, deadline };
  }

  #gone(): never {
    throw new RequestError('hold-not-found');
  }

  /** Whether a hold was booked or refused, for good. */
  async isDecided(eventId: string, holdId: string): Promise<boolean> {
    return (await this.#records.ask(readOutcome, eventId, holdId)).length > 0;
  }

  /** The answer an earlier confirm of this hold got. A hold of somebody else is as good as none. */
  async stored(card: EventCard, userId: string, holdId: string): Promise<Booking | undefined> {
    const [outcome] = await this.#records.ask(readOutcome, card.id, holdId);
    if (!outcome) return undefined;
    if (outcome.outcome === 'refused') throw refusal(outcome.reason);
    const found = await this.#records.ofHold(holdId);
    if (found?.userId !== userId || found.booking.eventId !== card.id) return this.#gone();
    return found.booking;
  }

  async #commit(
    card: EventCard,
    asker: Asker,
    holdId: string,
    seats: number[],
    deadline: number,
  ): Promise<Booking> {
    // In the order in which they are read again.
    const lines = seats.toSorted((a, b) => a - b).map((seat) => lineOf(card, seat));
    const bookingId = newId(this.#clock.now());
    const { currency } = card;
    const answer = await this.queue.ask(
      { ...asker, holdId, bookingId, eventId: card.id, currency, seats: lines },
      deadline,
    );
    switch (answer.verdict) {
      case 'booked': {
        faultPoint('confirm.committed');
        const totalCents = lines.reduce((sum, line) => sum + line.priceCents, 0);
        const isPaid = card.rules.payment === 'online' && totalCents > 0;
        const booking: Booking = {
          id: bookingId,
          eventId: card.id,
          holdId,
          status: 'confirmed',
          seats: lines,
          totalCents,
          currency,
          createdAt: instant(answer.created_at ?? ''),
          cancelledAt: null,
          cancelledBy: null,
          payment: isPaid ? { state: 'booked', amountCents: totalCents, refundedCents: 0 } : null,
        };
        this.#booked(booking, asker.userId, answer.outbox_id);
        return booking;
      }
      case 'closed':
      case 'taken':
        return this.#refused(card.id, holdId, answer.reason);
      case 'settled':
        return this.#settled(card, asker.userId, holdId);
      case 'lost':
        return this.#refuse(card, asker.userId, holdId, await this.#takenReason(card.id, seats));
      case 'late':
        return this.#refuse(card, asker.userId, holdId, 'hold-not-found');
      case 'unpaid': {
        // It was paid for when the statement began, if another attempt has booked it meanwhile.
        const stored = await this.stored(card, asker.userId, holdId);
        if (stored) return stored;
        await this.#resume(card, holdId);
        throw new RequestError('payment-required');
      }
      case 'reused':
        await this.#resume(card, holdId);
        throw new RequestError('request-id-reused');
      case 'undone':
        await this.#resume(card, holdId);
        throw new RequestError('try-later');
      case 'unknown':
        // Neither yes nor no. Nothing is released: the sweeper asks again when the grace is over.
        throw new RequestError('booking-pending');
      default:
        return answer satisfies never;
    }
  }

  #booked(booking: Booking, userId: string, outboxId: string | null): void {
    // After the answer: the buyer comes first.
    const finishing = new Promise<void>((resolve) => this.#clock.after(0, resolve))
      .then(async () => {
        faultPoint('confirm.answered');
        this.listener?.booked(booking, userId);
        if (booking.payment) this.listener?.paymentDue();
        await this.#finish(booking, userId);
        if (outboxId) this.done(outboxId);
      })
      .catch((error) =>
        this.#log.warn({ err: error, bookingId: booking.id }, 'sold, but not yet shown as sold'),
      )
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  /** Resolves once everything that was booked is shown as sold, or could not be. */
  async idle(): Promise<void> {
    await Promise.all(this.#finishing);
  }

  async #finish(booking: Booking, userId: string): Promise<void> {
    const { id, eventId, holdId } = booking;
    const seats = activeSeats(booking);
    await this.#inventory.run(finishConfirm, eventId, { owner: userId, holdId, bookingId: id, seats });
  }

  /** Does again what follows a booking, as PostgreSQL has it by now. */
  async show({ booking, userId }: Owned): Promise<void> {
    await this.#finish(booking, userId);
    if (booking.status === 'confirmed') this.listener?.booked(booking, userId);
  }

  /** An attempt on another node has decided: whatever it is, it is written. */
  async #settled(card: EventCard, userId: string, holdId: string): Promise<Booking> {
    const stored = await this.stored(card, userId, holdId);
    if (stored) return stored;
    throw new RequestError('booking-pending');
  }

  /**
   * Writes the refusal, ends the hold, and says so; unless it turns out that it was booked after all. The
   * write waits for an attempt that is still under way in PostgreSQL.
   */
  async #refuse(card: EventCard, userId: string, holdId: string, reason: string): Promise<Booking> {
    const [outcome] = await this.#records.ask(refuseHold, card.id, holdId, reason);
    if (outcome?.outcome !== 'refused') return this.#settled(card, userId, holdId);
    return this.#refused(card.id, holdId, outcome.reason);
  }

  async #refused(eventId: string, holdId: string, reason: string): Promise<never> {
    // If this fails the sweeper does it when the grace is over; the refusal stands.
    await this.#abort(eventId, holdId).catch((error) =>
      this.#log.warn({ err: error, eventId, holdId }, 'refused, but its seats are not free yet'),
    );
    this.listener?.paymentDue();
    throw refusal(reason);
  }

  /** The reason as it is stored, with the seats that somebody else has bought: "seats-taken:5,6". */
  async #takenReason(eventId: string, seats: number[]): Promise<string> {
    return `seats-taken:${await this.#records.soldAmong(eventId, seats)}`;
  }

  async #abort(eventId: string, holdId: string): Promise<void> {
    const { answer } = await this.#inventory.run(readHold, eventId, { holdId });
    if (answer.status !== 'hold') return;
    const soldSeats = await this.#records.soldAmong(eventId, answer.seats);
    await this.#inventory.run(abortConfirm, eventId, { holdId, soldSeats });
  }

  /** PostgreSQL wrote nothing: the hold goes on as before. If this fails the sweeper settles it. */
  async #resume(card: EventCard, holdId: string): Promise<void> {
    const state = card.rules.payment === 'online' ? 'p' : 'h';
    await this.#inventory
      .run(resumeHold, card.id, { holdId, state })
      .catch((error) => this.#log.debug({ err: error, holdId }, 'could not resume a hold'));
  }

  /**
   * A hold whose confirm got no end in time: its node died, or PostgreSQL did not answer. Its buyer asked for it
   * while it lived, so it is tried again, whatever time is left; an attempt that is still running is waited for,
   * as both write the same outcome. Only one that was tried too often is refused.
   */
  async settle(eventId: string, holdId: string): Promise<void> {
    const { answer } = await this.#inventory.run(readHold, eventId, { holdId });
    const isOpen = answer.status === 'hold' && !(await this.isDecided(eventId, holdId));
    if (isOpen && (await this.#tryAgain(eventId, holdId, answer.owner))) return;
    const [outcome] = await this.#records.ask(refuseHold, eventId, holdId, 'hold-not-found');
    if (outcome?.outcome === 'refused') {
      await this.#abort(eventId, holdId);
      this.#log.info({ eventId, holdId }, 'settled a confirm without an end: refused');
      if (answer.status === 'hold') {
        this.listener?.ended(eventId, { holdId, owner: answer.owner, seats: answer.seats });
      }
      return;
    }
    const found = await this.#records.ofHold(holdId);
    if (found?.booking.status !== 'confirmed') return this.#abort(eventId, holdId);
    await this.show(found);
    this.#log.info({ eventId, holdId }, 'settled a confirm without an end: booked');
  }

  /** @returns false if it was tried too often */
  async #tryAgain(eventId: string, holdId: string, userId: string): Promise<boolean> {
    const card = await this.#events.card(eventId);
    if (!card) return false;
    const { answer, deadline } = await this.#begin(eventId, userId, holdId);
    if (answer.status !== 'confirming') return answer.status !== 'exhausted';
    const asker = { userId, sessionId: null, requestId: null };
    try {
      await this.#commit(card, asker, holdId, answer.seats, deadline);
      this.#log.info({ eventId, holdId }, 'settled a confirm without an end: booked');
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#log.info({ eventId, holdId, code: error.code }, 'tried a confirm without an end again');
    }
    return true;
  }
}

/** The error a stored refusal stands for. */
function refusal(reason: string): RequestError {
  const [code, seats] = reason.split(':');
  if (code === 'seats-taken') return new RequestError(code, { seats: seatList(seats) });
  return new RequestError(code === 'event-not-on-sale' ? code : 'hold-not-found');
}
