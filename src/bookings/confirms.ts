/**
 * Turning holds into bookings. Redis says who may try, PostgreSQL says who has:
 *
 * 1. is an outcome stored for this hold? answer it (the hold's id is the idempotency key);
 * 2. `begin-confirm` marks the hold as being booked;
 * 3. one statement writes outcome, booking and seats, all or nothing;
 * 4. only then the buyer is answered, and `finish-confirm` shows the seats as sold.
 *
 * A "no" is written down before it is told, and a hold that was being booked is freed only after
 * PostgreSQL has been made to say no: so a slow first attempt can never become a booking after a refusal.
 */
import type { Booking } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { confirmHold, readOutcome, refuseHold } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import type { EventCard } from '../events/events.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import { abortConfirm } from '../redis/scripts/abort-confirm.ts';
import { beginConfirm } from '../redis/scripts/begin-confirm.ts';
import { finishConfirm } from '../redis/scripts/finish-confirm.ts';
import { readHold } from '../redis/scripts/read-hold.ts';
import { seatList } from '../redis/scripts/script.ts';
import type { Inventory } from '../seats/inventory.ts';
import { type BookingRecords, instant, lineOf, undoOf } from './records.ts';

/** Longer than connecting (2 s), waiting for a lock (3 s) and the statement (4 s) together. */
const graceMs = 12_000;

export class Confirms {
  readonly #db: Database;
  readonly #records: BookingRecords;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #finishing = new Set<Promise<void>>();
  /** Called for every booking that is made; more than once if a node died over it. */
  listener: ((booking: Booking, userId: string) => void) | undefined;

  constructor(parts: { db: Database; records: BookingRecords; inventory: Inventory; log: Logger }) {
    this.#db = parts.db;
    this.#records = parts.records;
    this.#inventory = parts.inventory;
    this.#log = parts.log;
  }

  /** Books a hold. Throws the errors of `bookings:confirm`. */
  async confirm(card: EventCard, userId: string, holdId: string): Promise<Booking> {
    const stored = await this.#stored(card, userId, holdId);
    if (stored) return stored;
    const { answer } = await this.#inventory.run(beginConfirm, card.id, { owner: userId, holdId, graceMs });
    switch (answer.status) {
      case 'confirming':
        return this.#commit(card, userId, holdId, answer.seats);
      case 'closed':
        return this.#refuse(card, userId, holdId, 'event-not-on-sale');
      case 'unknown-hold':
        // It ran out, or Redis lost it while another attempt is under way: PostgreSQL decides.
        return this.#refuse(card, userId, holdId, 'hold-not-found');
      case 'foreign':
        return this.#gone();
      case 'exhausted':
        throw new RequestError('booking-pending');
      default:
        return answer satisfies never;
    }
  }

  #gone(): never {
    throw new RequestError('hold-not-found');
  }

  /** The answer an earlier confirm of this hold got. A hold of somebody else is as good as none. */
  async #stored(card: EventCard, userId: string, holdId: string): Promise<Booking | undefined> {
    const [outcome] = await this.#records.ask(readOutcome, card.id, holdId);
    if (!outcome) return undefined;
    if (outcome.outcome === 'refused') throw refusal(outcome.reason);
    const found = await this.#records.ofHold(holdId);
    if (found?.userId !== userId || found.booking.eventId !== card.id) return this.#gone();
    return found.booking;
  }

  async #commit(card: EventCard, userId: string, holdId: string, seats: number[]): Promise<Booking> {
    const lines = seats.map((seat) => lineOf(card, seat));
    const id = newId();
    try {
      const [result] = await this.#db.run(
        confirmHold,
        holdId,
        id,
        card.id,
        userId,
        card.currency,
        JSON.stringify(lines),
      );
      if (result?.created_at) {
        const totalCents = lines.reduce((sum, line) => sum + line.priceCents, 0);
        const booking: Booking = {
          id,
          eventId: card.id,
          holdId,
          status: 'confirmed',
          seats: lines,
          totalCents,
          currency: card.currency,
          createdAt: instant(result.created_at),
          cancelledAt: null,
        };
        this.#booked(booking, userId);
        return booking;
      }
      if (result?.outcome === 'refused') throw refusal(result.reason ?? '');
      // Another attempt was faster by a hair, or the event is not on sale any more.
      if (result?.on_sale) return await this.#settled(card, userId, holdId);
      return await this.#refuse(card, userId, holdId, 'event-not-on-sale');
    } catch (error) {
      if (error instanceof RequestError) throw error;
      if (isTaken(error)) return this.#refuse(card, userId, holdId, await this.#takenReason(card.id, seats));
      // Neither yes nor no. Nothing is released: the sweeper asks again when the grace is over.
      this.#log.warn({ err: error, holdId }, 'the outcome of a confirm is unknown');
      throw new RequestError('booking-pending');
    }
  }

  #booked(booking: Booking, userId: string): void {
    this.listener?.(booking, userId);
    // If this fails, the sweeper settles the hold when its grace is over.
    const finishing = this.#finish(booking, userId)
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

  async #finish({ id, eventId, holdId, seats }: Booking, userId: string): Promise<void> {
    await this.#inventory.run(finishConfirm, eventId, {
      owner: userId,
      holdId,
      undo: undoOf(id),
      seats: seats.map((line) => line.seat),
    });
  }

  /** An attempt on another node has decided: whatever it is, it is written. */
  async #settled(card: EventCard, userId: string, holdId: string): Promise<Booking> {
    const stored = await this.#stored(card, userId, holdId);
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
    await this.#abort(card.id, holdId);
    throw refusal(outcome.reason);
  }

  /** The reason as it is stored, with the seats that somebody else has bought: "seats-taken:5,6". */
  async #takenReason(eventId: string, seats: number[]): Promise<string> {
    const sold = await this.#records.soldSeats(eventId);
    return `seats-taken:${seats.filter((seat) => sold.has(seat))}`;
  }

  async #abort(eventId: string, holdId: string): Promise<void> {
    const { answer } = await this.#inventory.run(readHold, eventId, { holdId });
    if (answer.status !== 'hold') return;
    const sold = await this.#records.soldSeats(eventId);
    const soldSeats = answer.seats.filter((seat) => sold.has(seat));
    await this.#inventory.run(abortConfirm, eventId, { holdId, soldSeats });
  }

  /**
   * A hold whose confirm got no end in time: its node died, or PostgreSQL did not answer. The refusal that
   * is tried here waits for a statement that is still running, and so learns the truth.
   */
  async settle(eventId: string, holdId: string): Promise<void> {
    const [outcome] = await this.#records.ask(refuseHold, eventId, holdId, 'hold-not-found');
    if (outcome?.outcome === 'refused') {
      await this.#abort(eventId, holdId);
      this.#log.info({ eventId, holdId }, 'settled a confirm without an end: refused');
      return;
    }
    const found = await this.#records.ofHold(holdId);
    if (found?.booking.status !== 'confirmed') return this.#abort(eventId, holdId);
    const { booking, userId } = found;
    await this.#finish(booking, userId);
    this.listener?.(booking, userId);
    this.#log.info({ eventId, holdId }, 'settled a confirm without an end: booked');
  }
}

/** The error a stored refusal stands for. */
function refusal(reason: string): RequestError {
  const [code, seats] = reason.split(':');
  if (code === 'seats-taken') return new RequestError(code, { seats: seatList(seats) });
  return new RequestError(code === 'event-not-on-sale' ? code : 'hold-not-found');
}

/** The partial unique index has spoken. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  error.code === '23505' &&
  'constraint' in error &&
  error.constraint === 'booking_seats_one_active';
