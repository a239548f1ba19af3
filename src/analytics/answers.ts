/** What the messages of `analytics` share: whose sales are asked for, and their sums as they are on the wire. */
import { failWith, owns } from '../channel.ts';
import type { Engine } from '../hub.ts';
import type { Session } from '../session.ts';
import type { BucketColumns, PieceColumns, SalesRow } from '../database/analytics-statements.ts';
import { bucketPieces, type Piece, piecesOf, type Range } from './range.ts';

/** Whose events: null is everybody's; and one of them, or null. */
export type Scope = [organizerId: string | null, eventId: string | null];

/** Throws `event-not-found`, and `forbidden` for another organizer's sales. */
export async function scopeOf(
  { events }: Engine,
  session: Session,
  { organizerId, eventId }: { organizerId?: string; eventId?: string },
): Promise<Scope> {
  const isAdmin = session.role === 'admin';
  if (!isAdmin && organizerId !== undefined && organizerId !== session.userId) failWith('forbidden');
  const whose = isAdmin ? (organizerId ?? null) : session.userId;
  if (eventId === undefined) return [whose, null];
  const card = await events.card(eventId);
  if (!card || !owns(session, card.organizerId)) failWith('event-not-found');
  return [whose, eventId];
}

export const times = ({ since, until }: Range): [Date, Date] => [new Date(since), new Date(until)];

export const pieceColumns = (range: Range): PieceColumns => columnsOf(piecesOf(range));

/** @param bounds where each bucket begins, and where the last ends */
export function bucketColumns(bounds: readonly number[], [, eventId]: Scope): BucketColumns {
  const pieces = bucketPieces(bounds, { hours: eventId === null });
  return [bounds.map((at) => new Date(at)), pieces.map(({ place }) => place), ...columnsOf(pieces)];
}

const columnsOf = (pieces: readonly Piece[]): PieceColumns => [
  pieces.map(({ grain }) => grain),
  pieces.map(({ since }) => new Date(since)),
  pieces.map(({ until }) => new Date(until)),
];

export const rangeView = ({ from, to, timeZone }: Range) => ({ from, to, timeZone });

/** A share of a whole: 0 of nothing. */
export const share = (part: number, whole: number): number =>
  whole > 0 ? Math.min(1, Math.max(0, Math.round((part / whole) * 1e6) / 1e6)) : 0;

type Money = Omit<SalesRow, 'bookings' | 'cancelled_bookings'>;

export const seatSales = (row: Money) => ({
  seats: row.seats,
  cancelledSeats: row.cancelled_seats,
  grossCents: row.gross_cents,
  cancelledCents: row.cancelled_cents,
  revenueCents: row.gross_cents - row.cancelled_cents,
  cancellationRate: share(row.cancelled_seats, row.seats),
});

export const salesView = (row: SalesRow) => ({
  bookings: row.bookings,
  cancelledBookings: row.cancelled_bookings,
  ...seatSales(row),
});
