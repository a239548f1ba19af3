/**
 * Ends bookings, or seats of them, and gives the seats back: first in PostgreSQL, with the refund and what
 * else has to follow, then on the map. Whoever waits for these seats is asked where they are shown as free
 * (`free-seats`): that is the one place through which they leave a buyer.
 */
import type { Booking } from '../contracts.gen.ts';
import { cancelEventBatch, cancelSeats, eventCancellation } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { faultPoint } from '../fault-points.ts';
import type { Logger } from '../log.ts';
import { freeSeats } from '../redis/scripts/free-seats.ts';
import type { Inventory } from '../seats/inventory.ts';
import type { Asker } from './confirms.ts';
import type { BookingRecords, Owned } from './records.ts';

/** Bookings of a cancelled event in one transaction. */
const batchSize = 200;

export interface CancelListener {
  /** A booking was cancelled, or some of its seats. More than once if a node died over it. */
  cancelled(booking: Booking, userId: string): void;
  /** How far the bookings of a cancelled event are; told to whoever cancelled it. */
  unwound(eventId: string, userId: string, progress: { done: number; total: number }): void;
  /** There may be money to give back. */
  paymentDue(): void;
}

/** Who cancels, and why, for the audit log. */
export interface Cancelling extends Asker {
  reason: string;
}

export class Cancellations {
  readonly #records: BookingRecords;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  listener: CancelListener | undefined;
  /** Marks what follows a cancellation as done; without it the outbox does it again. */
  done: (outboxId: string) => void = () => undefined;

  constructor(parts: { records: BookingRecords; inventory: Inventory; log: Logger }) {
    this.#records = parts.records;
    this.#inventory = parts.inventory;
    this.#log = parts.log;
  }

  /**
   * Cancels a booking, or only `seats` of it, and frees them. Asked again it answers the booking as it is.
   * Throws `booking-not-found`.
   */
  async cancel(bookingId: string, seats: number[] | undefined, by: Cancelling): Promise<Booking> {
    const [cancelled] = await this.#records.ask(cancelSeats, bookingId, seats ?? null, ...actor(by));
    faultPoint('cancel.committed');
    const found = await this.#records.find(bookingId);
    if (!found) throw new RequestError('booking-not-found');
    if (cancelled?.outbox_id) {
      const gone = found.booking.seats.filter((line) => line.cancelledAt !== null).map((line) => line.seat);
      await this.#follow(found, gone, cancelled.outbox_id);
    }
    return found.booking;
  }

  /** Does what follows a cancellation. Failing, it is left to the outbox. */
  async #follow(found: Owned, seats: number[], outboxId: string): Promise<void> {
    this.listener?.cancelled(found.booking, found.userId);
    this.listener?.paymentDue();
    try {
      await this.show(found, seats);
      this.done(outboxId);
    } catch (error) {
      this.#log.warn({ err: error, bookingId: found.booking.id }, 'cancelled, but not yet shown as free');
    }
  }

  /** Shows seats of a booking as free that are cancelled, but for those that somebody else has bought since. */
  async show({ booking, userId }: Owned, seats: readonly number[]): Promise<void> {
    const { id, eventId, holdId } = booking;
    const sold = new Set(await this.#records.soldAmong(eventId, [...seats]));
    const free = seats.filter((seat) => !sold.has(seat));
    await this.#inventory.run(freeSeats, eventId, { owner: userId, bookingId: id, holdId, seats: free });
  }

  /** What the outbox asks for when the node that cancelled has not done it. */
  async showAgain(bookingId: string, seats: readonly number[]): Promise<void> {
    const found = await this.#records.find(bookingId);
    if (!found) return;
    await this.show(found, seats);
    this.listener?.cancelled(found.booking, found.userId);
  }

  /**
   * Cancels the bookings of a cancelled event, batch after batch, until none is left or `untilMs` is over.
   * Any node can go on with it, and Redis may be away meanwhile: PostgreSQL has ended the sale, and money need not
   * wait for maps. @returns whether it is done
   */
  async unwind(eventId: string, by: Cancelling, untilMs: number): Promise<boolean> {
    const isClosed = await this.#inventory.close(eventId).then(
      () => true,
      (error) => {
        this.#log.warn({ err: error, eventId }, 'its bookings are cancelled, its holds are not free yet');
        return false;
      },
    );
    const end = Date.now() + untilMs;
    for (;;) {
      const batch = await this.#records.ask(cancelEventBatch, eventId, batchSize, ...actor(by));
      if (batch.length === 0) break;
      const outboxIds = new Map(batch.map(({ id, outbox_id }) => [id, outbox_id]));
      const bookings = await this.#records.findAll([...outboxIds.keys()]);
      await Promise.all(
        bookings.map((found) => {
          const seats = found.booking.seats.map((line) => line.seat);
          return this.#follow(found, seats, outboxIds.get(found.booking.id) ?? '');
        }),
      );
      await this.#tellProgress(eventId, by.userId);
      if (Date.now() > end) return false;
    }
    // A booking that somebody was cancelling a seat of was left out, and is still there.
    return (await this.#tellProgress(eventId, by.userId)) && isClosed;
  }

  /** @returns whether no booking is left */
  async #tellProgress(eventId: string, userId: string): Promise<boolean> {
    const [progress] = await this.#records.ask(eventCancellation, eventId);
    if (!progress) return false;
    this.listener?.unwound(eventId, userId, progress);
    return progress.done === progress.total;
  }
}

const actor = (by: Cancelling) => [by.userId, by.sessionId, by.requestId, by.reason] as const;
