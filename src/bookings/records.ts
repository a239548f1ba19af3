/** Bookings as PostgreSQL has them. */
import { instantOf } from '../audit/instant.ts';
import type { Booking, BookingSeat, BookingsOfEventReply } from '../contracts.gen.ts';
import type { Database, Statement } from '../database/database.ts';
import {
  listBookings,
  listBookingsByEvent,
  listSales,
  type SaleRow,
} from '../database/booking-statements.ts';
import {
  type BookingRow,
  bookingOfHold,
  readBooking,
  readBookings,
  soldAmong,
} from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { pageOf, readCursor } from '../events/cursor.ts';
import { categoryOf, type EventCard, priceOf } from '../events/events.ts';
import type { Logger } from '../log.ts';

/** Which bookings of a buyer, by their events as well. */
export interface OwnFilter extends Omit<BookingFilter, 'after'> {
  eventId?: string | null;
  when?: 'upcoming' | 'over';
  cursor?: string | undefined;
}

/** Which bookings of a list, and where it goes on: after this id, in its order. */
export interface BookingFilter {
  status?: 'confirmed' | 'cancelled';
  /** Moments as they are on the wire. */
  from?: string;
  to?: string;
  sort?: 'newest' | 'oldest' | 'soonest' | 'latest';
  after?: string | undefined;
  limit: number;
}

export type Sale = BookingsOfEventReply['sales'][number];

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

  /** A page of those of a buyer. Throws `cursor-invalid`, and `invalid-request` for what is no moment. */
  async list(
    userId: string,
    { eventId = null, when, cursor, ...filter }: OwnFilter,
  ): Promise<{ bookings: Booking[]; nextCursor: string | null }> {
    const { sort = 'newest', limit } = filter;
    const isByStart = sort === 'soonest' || sort === 'latest';
    const [after, start = null] = readCursor(cursor, 'id', ...(isByStart ? ['micros', sort] : []));
    const which = [userId, eventId, ...parametersOf({ ...filter, after, limit: limit + 1 })] as const;
    const isOver = when ? when === 'over' : null;
    const rows: (BookingRow & { place?: string })[] =
      isByStart || when
        ? await this.ask(listBookingsByEvent, ...which, isByStart, isOver, start)
        : await this.ask(listBookings, ...which);
    const { page, nextCursor } = pageOf(rows, limit, ({ id, place = '' }) =>
      isByStart ? [id, place, sort] : [id],
    );
    return { bookings: page.map(bookingOf), nextCursor };
  }

  /** Those of an event, with who made them. Throws `invalid-request` for what is no moment. */
  async sales(eventId: string, filter: BookingFilter & { email?: string }): Promise<Sale[]> {
    const rows = await this.ask(listSales, filter.email ?? null, eventId, ...parametersOf(filter));
    return rows.map(saleOf);
  }

  async find(bookingId: string): Promise<Owned | undefined> {
    return owned((await this.ask(readBooking, bookingId))[0]);
  }

  async ofHold(holdId: string): Promise<Owned | undefined> {
    return owned((await this.ask(bookingOfHold, holdId))[0]);
  }

  async findAll(bookingIds: string[]): Promise<Owned[]> {
    return (await this.ask(readBookings, bookingIds)).map((row) => owned(row) as Owned);
  }

  /** Which of these seats have an active booking. */
  async soldAmong(eventId: string, seats: number[]): Promise<number[]> {
    return (await this.ask(soldAmong, eventId, seats)).map((row) => row.seat);
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

/** A line of a booking: the seat with its price. */
export function lineOf(card: EventCard, seat: number): BookingSeat {
  const found = card.plan.seats[seat];
  if (!found) throw new RangeError(`event ${card.id} has no seat ${seat}`);
  return {
    seat,
    label: found.label,
    category: categoryOf(card, found),
    priceCents: priceOf(card, seat),
    cancelledAt: null,
  };
}

/** Seats of a booking that are still its buyer's. */
export const activeSeats = (booking: Booking): number[] =>
  booking.seats.filter((line) => line.cancelledAt === null).map((line) => line.seat);

const owned = (row: BookingRow | undefined): Owned | undefined =>
  row && { booking: bookingOf(row), userId: row.user_id };

function bookingOf(row: BookingRow): Booking {
  return {
    id: row.id,
    eventId: row.event_id,
    holdId: row.hold_id,
    status: row.status,
    seats: row.seats.map((line) => ({ ...line, cancelledAt: line.cancelledAt && instant(line.cancelledAt) })),
    totalCents: row.total_cents,
    currency: row.currency,
    createdAt: instant(row.created_at),
    cancelledAt: row.cancelled_at && instant(row.cancelled_at),
    cancelledBy: row.cancelled_by,
    payment: row.payment,
  };
}

const saleOf = (row: SaleRow): Sale => ({
  booking: bookingOf(row),
  buyer: { id: row.user_id, name: row.buyer_name, email: row.buyer_email },
});

function parametersOf({ status, from, to, sort, after, limit }: BookingFilter) {
  const [since, until] = [from && instantOf('from', from), to && instantOf('to', to)];
  const isNewestFirst = sort !== 'oldest' && sort !== 'soonest';
  return [status ?? null, since ?? null, until ?? null, after ?? null, isNewestFirst, limit] as const;
}
