/** Ends bookings, and gives their seats back: first in PostgreSQL, then on the map. */
import type { Booking } from '../contracts.gen.ts';
import { cancelBooking, cancelEventBookings } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { freeSeats } from '../redis/scripts/free-seats.ts';
import type { Inventory } from '../seats/inventory.ts';
import { type BookingRecords, type Owned, undoOf } from './records.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;

export class Cancellations {
  readonly #records: BookingRecords;
  readonly #inventory: Inventory;
  readonly #log: Logger;
  /** Called once for every booking that is cancelled. */
  listener: ((booking: Booking, userId: string) => void) | undefined;

  constructor(parts: { records: BookingRecords; inventory: Inventory; log: Logger }) {
    this.#records = parts.records;
    this.#inventory = parts.inventory;
    this.#log = parts.log;
  }

  /**
   * Cancels a booking and frees its seats. Asked again it answers the booking as it is, and frees the
   * seats if an attempt that was cut short has left them. Throws `booking-not-found`.
   */
  async cancel(bookingId: string): Promise<Booking> {
    const [cancelled] = await this.#records.ask(cancelBooking, bookingId);
    const found = await this.#records.find(bookingId);
    if (!found) throw new RequestError('booking-not-found');
    if (cancelled) this.listener?.(found.booking, found.userId);
    await this.#showFree(found);
    return found.booking;
  }

  /** Cancels every booking of a cancelled event, and builds its map anew. @returns how many */
  async cancelAll(eventId: string): Promise<number> {
    const cancelled = await this.#records.ask(cancelEventBookings, eventId);
    for (const { id } of cancelled) {
      const found = await this.#records.find(id);
      if (found) this.listener?.(found.booking, found.userId);
    }
    await this.#untilDone(eventId, async () => {
      await this.#inventory.close(eventId);
      await this.#inventory.rebuild(eventId);
    });
    return cancelled.length;
  }

  #showFree({ booking, userId }: Owned): Promise<void> {
    const { id, eventId, holdId } = booking;
    return this.#untilDone(eventId, async () => {
      // By now somebody else may have bought some of them.
      const sold = await this.#records.soldSeats(eventId);
      const seats = booking.seats.map((line) => line.seat).filter((seat) => !sold.has(seat));
      const requestId = undoOf(id);
      await this.#inventory.run(freeSeats, eventId, {
        owner: userId,
        requestId,
        fingerprint: requestId,
        holdId,
        seats,
      });
    });
  }

  /**
   * What PostgreSQL has decided is shown on the map, however long Redis is away: tried again with growing
   * pauses. Resolves after the first attempt, however it ended.
   */
  async #untilDone(eventId: string, work: () => Promise<void>, pauseMs = firstPauseMs): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.warn({ err: error, eventId }, 'cancelled, but not yet shown on the map');
      const longer = Math.min(pauseMs * 2, longestPauseMs);
      setTimeout(() => this.#untilDone(eventId, work, longer), pauseMs).unref();
    }
  }
}
