/** Bookings as PostgreSQL has them. */
import type { Booking, BookingSeat } from '../contracts.gen.ts';
import type { Database, Statement } from '../database/database.ts';
import {
  type BookingRow,
  bookedSeats,
  bookingOfHold,
  listBookings,
  readBooking,
} from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { categoryOf, type EventCard, priceOf } from '../events/events.ts';
import type { Logger } from '../log.ts';

/** A booking and whose it is. */
export interface Owned {
  booking: Booking;
  userId: string;
}

export class BookingRecords {
  readonly #db: Database;
  readonly #log: Logger;

  constructor(db: Database, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Newest first, after the one whose id is `before`. */
  async list(
    userId: string,
    filter: { eventId?: string; status?: string; before?: string; limit: number },
  ): Promise<Booking[]> {
    const { eventId = null, status = null, before = null, limit } = filter;
    return (await this.ask(listBookings, userId, eventId, status, before, limit)).map(bookingOf);
  }

  async find(bookingId: string): Promise<Owned | undefined> {
    return owned((await this.ask(readBooking, bookingId))[0]);
  }

  async ofHold(holdId: string): Promise<Owned | undefined> {
    return owned((await this.ask(bookingOfHold, holdId))[0]);
  }

  /** Seats of an event that have an active booking. */
  async soldSeats(eventId: string): Promise<Set<number>> {
    return new Set((await this.ask(bookedSeats, eventId)).map((row) => row.seat));
  }

  /** Runs a statement whose failure decides nothing: PostgreSQL that is away is `try-later`. */
  async ask<Parameters extends unknown[], Row>(
    statement: Statement<Parameters, Row>,
    ...parameters: Parameters
  ): Promise<Row[]> {
    try {
      return await this.#db.run(statement, ...parameters);
    } catch (error) {
      this.#log.warn({ err: error, statement: statement.name }, 'PostgreSQL failed a statement');
      throw new RequestError('try-later');
    }
  }
}

/** A time as PostgreSQL writes it, in the form of all times on the wire: UTC, milliseconds. */
export const instant = (text: string): string => new Date(text).toISOString();

/** The request id under which a booking is cancelled on the map: there is one cancellation. */
export const undoOf = (bookingId: string): string => `cancel-${bookingId}`;

/** A line of a booking: the seat with its price. */
export function lineOf(card: EventCard, seat: number): BookingSeat {
  const found = card.plan.seats[seat];
  if (!found) throw new RangeError(`event ${card.id} has no seat ${seat}`);
  return { seat, label: found.label, category: categoryOf(card, found), priceCents: priceOf(card, seat) };
}

const owned = (row: BookingRow | undefined): Owned | undefined =>
  row && { booking: bookingOf(row), userId: row.user_id };

function bookingOf(row: BookingRow): Booking {
  return {
    id: row.id,
    eventId: row.event_id,
    holdId: row.hold_id,
    status: row.status,
    seats: row.seats,
    totalCents: row.total_cents,
    currency: row.currency,
    createdAt: instant(row.created_at),
    cancelledAt: row.cancelled_at && instant(row.cancelled_at),
  };
}
